// The citizen's page: the card of who is on duty, an invitation, five levels, tags, a comment, thanks.
//
// Nothing is preselected; a level counts when the citizen has tapped it. It is on disk here before the page
// says thank you, and stays until the daemon vouches that it has it.

import { Keeping } from "./keeping.js";
import { askForCode, at, base, paired, pause, root, view, watchLanguage } from "./page.js";
import { Pictures } from "./pictures.js";
import { Form, naive } from "./rating.js";
import { Refused, random } from "./signing.js";
import { sayAloud } from "./voice.js";
import { say, speak } from "./words.js";

const ROUND_MS = 2000;
const HALL_MS = 15000;
const THANKS_MS = 4000;
const DETAIL_S = 40;
const IDLE_S = 60;

let keeping;
let pictures;
let signer;
let hall = {};
let session = null; // as the daemon told it last
let answered = ""; // the last session this page has an answer of
let draft = null; // what the citizen is about to say
let paused = false;
let aloud = false; // the config wants invitations said aloud
let reached = false;
let known = true; // the daemon knows our key
let timer;
let wake = () => {};
let other = null; // the province's window
const form = new Form(choose, stirred);

const open = (id) => id && session && session.id === id && id !== answered;
const resting = () => !draft && !["thanks", "fault", "away", "pairing"].includes(document.body.dataset.view);

function after(ms, what) {
  clearTimeout(timer);
  timer = setTimeout(what, ms);
}

function rest() {
  draft = null;
  clearTimeout(timer);
  if (paused) view("paused");
  else if (session && session.id !== answered) view(session.page === "provincial" ? "provincial" : "asked");
  else view("idle");
}

function begin() {
  draft = { own: true };
  view(hall.page === "provincial" ? "provincial" : "asked");
  after(IDLE_S * 1000, home);
}

// Whoever moves slowly, or by a switch, is not cut short: any sign of life begins the time anew.
function stirred() {
  if (draft?.level && !draft.sent) countDown(DETAIL_S);
  else if (draft?.own) after(IDLE_S * 1000, home);
}

function home() {
  speak("zh");
  form.speak();
  said();
  rest();
}

function choose(level) {
  const asked = open(session?.id) ? { id: session.id, at: session.at, shown: session.shown } : null;
  draft = { id: random(16), level, asked };
  form.begin(level, hall);
  view("detail");
  countDown(DETAIL_S);
}

function countDown(left) {
  at("soon").textContent = left <= 15 ? say("soon", { s: left }) : "";
  after(1000, left > 1 ? () => countDown(left - 1) : submit);
}

async function submit() {
  const mine = draft;
  if (!mine?.level || mine.sent) return;
  mine.sent = true;
  clearTimeout(timer);
  const now = new Date();
  const rating = {
    id: mine.id,
    session: mine.asked ? { id: mine.asked.id, at: mine.asked.at } : null,
    ...form.said(),
    at: naive(now),
    dwell_ms: mine.asked ? Math.round(performance.now() - mine.asked.shown) : null,
  };
  try {
    await keeping.add(rating);
  } catch {
    mine.sent = false;
    view("fault");
    return;
  }
  if (mine.asked) answered = mine.asked.id;
  draft = null;
  view("thanks");
  after(THANKS_MS, home);
  wake();
}

// One that is refused stays, and keeps none behind it from going.
async function flush() {
  let refused = null;
  for (const rating of await keeping.waiting()) {
    try {
      await signer.send("POST", `${base}rate`, { ...rating, sent: naive(new Date()) });
      await keeping.drop(rating.id);
    } catch (error) {
      if (!(error instanceof Refused) || error.status === 401) throw error;
      refused = error;
    }
  }
  if (refused) throw refused;
}

async function battery() {
  try {
    const found = await navigator.getBattery();
    return Math.round(found.level * 100);
  } catch {
    return null;
  }
}

async function round() {
  const holds = draft?.asked ? [draft.asked.id] : []; // before the queue is read: it may move there meanwhile
  const waiting = await keeping.waiting();
  const queue = waiting.length;
  for (const rating of waiting) if (rating.session) holds.push(rating.session.id);
  const told = await signer.send("POST", `${base}state`, {
    version: root.version,
    queue,
    holds,
    battery: await battery(),
    visible: document.visibilityState === "visible",
    clock: naive(new Date()),
  });
  if (told.version !== root.version && !queue && resting()) location.reload();
  ({ paused } = told);
  aloud = told.voice;
  const same = told.session && session && told.session.id === session.id;
  session = told.session && { ...told.session, shown: same ? session.shown : performance.now() };
  if (session && !draft && holds.includes(session.id)) answered = session.id; // before this page was loaded anew
  if (aloud && open(session?.id) && resting()) sayAloud(say("asked"), session.id);
  if (queue) await flush();
}

async function learnHall() {
  hall = await signer.send("POST", `${base}hall`, {});
  await keeping.keep("hall", hall);
  await showHall();
}

async function showHall() {
  document.querySelector("[data-hall]").textContent = hall.hall ?? "";
  at("card").hidden = !hall.card;
  for (const each of document.querySelectorAll("[data-card]")) each.textContent = hall.card?.[each.dataset.card] ?? "";
  const { photo, issued } = hall.pictures ?? {};
  await pictures.show("photo", photo, at("photo"));
  await pictures.show("issued", issued, at("issued-code"), at("issued"));
}

async function said() {
  const n = (await keeping.waiting()).length;
  const key = !known ? "unpaired" : !reached ? "offline" : n ? "waiting" : "";
  at("link").textContent = key && say(key, { n });
  at("repair").hidden = known;
}

async function handOver() {
  const asked = session;
  const own = asked?.url; // of one citizen: never kept here
  other = window.open(new URL(own ?? hall.url).href, "province");
  view("away");
  draft = null;
  if (asked) answered = asked.id;
  after((own ? asked.left_s : (hall.timeout_s ?? 60)) * 1000, comeBack);
  try {
    await signer.send("POST", `${base}handed`, { session: asked?.id ?? null });
  } catch {
    // the daemon ends the session by itself when its time is over
  }
}

function comeBack() {
  other?.close();
  other = null;
  home();
}

async function live() {
  let learned = -HALL_MS;
  for (;;) {
    try {
      await round();
      if (performance.now() - learned > HALL_MS) {
        await learnHall();
        learned = performance.now();
      }
      reached = known = true;
    } catch (error) {
      reached = false;
      known = !(error instanceof Refused && error.why === "unknown");
      session = null; // an invitation nobody can confirm is no invitation
    }
    await said();
    if (resting()) rest();
    const wait = pause(ROUND_MS);
    wake = wait.ready;
    await wait.over;
  }
}

function wire() {
  at("begin").addEventListener("click", begin);
  at("back").addEventListener("click", () => {
    draft = { own: true };
    view("asked");
    after(IDLE_S * 1000, home);
  });
  for (const sign of ["keydown", "pointerdown", "focusin"]) document.addEventListener(sign, stirred);
  at("send").addEventListener("click", submit);
  at("again").addEventListener("click", () => {
    view("detail");
    submit();
  });
  at("open").addEventListener("click", handOver);
  at("done").addEventListener("click", comeBack);
  at("repair").addEventListener("click", async () => {
    clearTimeout(timer);
    signer = await askForCode(keeping);
    known = true;
    home();
    wake();
  });
  watchLanguage(() => {
    form.speak();
    said();
  });
}

async function start() {
  wire();
  form.showLevels();
  keeping = await Keeping.open(`hall-edge ${base}`);
  hall = (await keeping.recall("hall")) ?? {};
  pictures = new Pictures(keeping, (of) => signer.send("POST", `${base}picture`, { of }));
  signer = await paired(keeping);
  showHall();
  rest();
  await live();
}

start();
