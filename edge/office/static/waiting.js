// On every page of the supervision office: sends what waits in this browser, and says what waits and why.

import { Outgoing } from "./outgoing.js";

const EVERY_MS = 4000;
const place = document.getElementById("outgoing");
export const who = place.dataset.who;
export const outgoing = await Outgoing.open();

const toId = (entry) => `/forms/${entry.form}#${entry.id}`;

function show(part, on, n = "") {
  part.hidden = !on;
  const count = part.querySelector("[data-n]");
  if (count) count.textContent = n;
}

function correcting(entry) {
  const item = place.querySelector("template").content.firstElementChild.cloneNode(true);
  item.querySelector("a").href = toId(entry);
  return item;
}

export async function told(away) {
  const all = await outgoing.waiting();
  const mine = all.filter((entry) => entry.by === who);
  const going = mine.filter((entry) => !entry.faults).length;
  for (const part of place.querySelectorAll("[data-away]")) show(part, going && part.dataset.away === away, going);
  show(place.querySelector("[data-others]"), all.length > mine.length, all.length - mine.length);
  show(place.querySelector("[data-unkept]"), !outgoing.kept);
  document.getElementById("wrong").replaceChildren(...mine.filter((entry) => entry.faults).map(correcting));
  return going;
}

let timer;

export async function flush() {
  clearTimeout(timer);
  const result = await outgoing.flush();
  for (const answer of result.saved) saved(answer);
  const going = await told(result.away);
  if (going) timer = setTimeout(flush, EVERY_MS);
}

function saved(answer) {
  const line = document.getElementById("told");
  line.textContent = answer.text;
  line.hidden = false;
}

addEventListener("online", flush);
flush();
