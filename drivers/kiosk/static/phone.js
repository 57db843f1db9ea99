// The page that the code at a window opens on a citizen's own phone. One opening is one session, with one
// rating; the ticket of the opening is kept until it is used, so a reload is the same session.

import { at, base, root, view, watchLanguage } from "./page.js";
import { Form, naive } from "./rating.js";
import { random } from "./signing.js";
import { say } from "./words.js";

const TIMEOUT_MS = 8000;
const KEPT = `hall-edge ${base}`;
let hall = {};
let ticket = "";
let id = "";
let trouble = "";
let sending = false;

// A phone that keeps nothing (private mode) still rates once an opening.
function kept(value) {
  try {
    if (value === undefined) return JSON.parse(localStorage.getItem(KEPT) ?? "null");
    localStorage.setItem(KEPT, JSON.stringify(value));
  } catch {
    // it is not needed
  }
  return null;
}

async function asked(name, values) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
  try {
    const reply = await fetch(base + name, { method: "POST", body: JSON.stringify(values), signal: stop.signal });
    return { status: reply.status, said: await reply.json().catch(() => ({})) };
  } finally {
    clearTimeout(timer);
  }
}

const why = (status) => ({ 404: "code_void", 410: "code_over", 429: "busy" })[status] ?? "pair_away";

function fault(word) {
  trouble = word;
  at("trouble").textContent = say(word);
  view("fault");
}

function showHall() {
  document.querySelector("[data-hall]").textContent = hall.hall ?? "";
  form.speak();
  if (hall.page === "provincial") {
    at("open").href = hall.url;
    view("provincial");
  } else view("asked");
}

async function open() {
  const known = kept();
  if (known?.ticket) {
    ({ hall, ticket, id } = known);
    showHall();
    if (known.done) view("thanks");
    return;
  }
  view("loading");
  try {
    const { status, said } = await asked("open", {});
    if (status !== 200) return fault(why(status));
    ({ ticket } = said);
    hall = said;
    id = random(16);
    if (hall.page === "local") kept({ hall, ticket, id });
    showHall();
  } catch {
    fault("pair_away");
  }
}

function anew() {
  kept(null);
  open();
}

async function send() {
  if (sending) return;
  sending = true;
  at("said").textContent = "";
  const now = naive(new Date());
  try {
    const { status } = await asked("rate", { id, ticket, ...form.said(), at: now, sent: now });
    if (status === 200) {
      kept({ hall, ticket, id, done: true });
      view("thanks");
    } else if (status === 410) {
      kept(null);
      fault("code_over");
    } else at("said").textContent = say(why(status));
  } catch {
    at("said").textContent = say("pair_away");
  }
  sending = false;
}

const form = new Form(
  (level) => {
    form.begin(level, hall);
    at("said").textContent = "";
    view("detail");
  },
  () => {},
);

watchLanguage(() => {
  form.speak();
  if (trouble) at("trouble").textContent = say(trouble);
});
at("back").addEventListener("click", () => view("asked"));
at("send").addEventListener("click", send);
at("again").addEventListener("click", anew);
at("anew").addEventListener("click", anew);
form.showLevels();
open();
