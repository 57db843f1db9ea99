// The window's own page: invite, cancel, pause, sign on. It never learns how anybody rated.

import { Keeping } from "./keeping.js";
import { askForCode, at, base, paired, pause, view, watchLanguage } from "./page.js";
import { Refused } from "./signing.js";
import { say } from "./words.js";

const ROUND_MS = 2000;
let keeping;
let signer;
let state = {};
let wake = () => {};

function show() {
  at("now").textContent = say(state.paused ? "paused" : state.session ? "inviting" : "free");
  at("invite").disabled = Boolean(state.paused || state.session);
  at("cancel").disabled = !state.session;
  at("pause").textContent = say(state.paused ? "resume" : "pause");
  at("pause").setAttribute("aria-pressed", String(Boolean(state.paused)));
  at("tablet").textContent = say(state.tablet ? "tablet_here" : "tablet_away");
  at("duty").textContent = state.card ? `${state.card.name} ${state.card.staff_no}` : say("nobody");
}

async function order(name, values = {}) {
  at("said").textContent = "";
  try {
    await signer.send("POST", `${base}${name}`, values);
    at("said").textContent = say("ok");
  } catch (error) {
    at("said").textContent = say("refused", { why: error instanceof Refused ? error.why : say("pair_away") });
  }
  wake();
}

async function live() {
  for (;;) {
    try {
      state = { ...(await signer.send("POST", `${base}desk`, {})), ...(await signer.send("POST", `${base}hall`, {})) };
      document.querySelector("[data-hall]").textContent = state.hall ?? "";
      at("link").textContent = "";
    } catch (error) {
      at("link").textContent = say("pair_away");
      if (error instanceof Refused && error.why === "unknown") signer = await askForCode(keeping);
    }
    show();
    view("desk"); // not before there is something to say on it
    const wait = pause(ROUND_MS);
    wake = wait.ready;
    await wait.over;
  }
}

async function start() {
  watchLanguage(show);
  keeping = await Keeping.open(`hall-edge ${base}`);
  signer = await paired(keeping);
  at("invite").addEventListener("click", () => order("invite"));
  at("cancel").addEventListener("click", () => order("cancel"));
  at("pause").addEventListener("click", () => order("pause", { on: !state.paused }));
  at("sign-off").addEventListener("click", () => order("sign-off"));
  at("sign-on").addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = { staff_no: at("staff").value.trim(), pin: at("pin").value };
    at("pin").value = "";
    await order("sign-on", given);
  });
  await live();
}

start();
