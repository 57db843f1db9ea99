// One form: typed, kept, sent, and empty for the next one. What is half typed survives a reload in this tab,
// except for contact details.

import { flush, outgoing, told, who } from "./waiting.js";
import { more, wireChecklist } from "./checklist.js";

const form = document.querySelector("form.typed");
const kind = form.dataset.form;
const draft = `hall-edge draft ${kind}`;
const OURS = ["token", "id"];
const CONTACT = ["contact_name", "contact_phone"];
const FORM_MAX = 500000;

const random = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

function typed(without = []) {
  const pairs = [...new FormData(form)].filter(([name, value]) => value && !OURS.includes(name) && !without.includes(name));
  return Object.fromEntries(pairs);
}

function fill(fields) {
  for (const [name, value] of Object.entries(fields)) {
    while (!form.elements[name] && more(form, name));
    for (const each of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (["radio", "checkbox"].includes(each.type)) each.checked = each.value === value;
      else each.value = value;
    }
  }
}

function clear() {
  const days = [...form.querySelectorAll("[data-sticky]")].map((each) => [each, each.value]);
  for (const row of form.querySelectorAll(".row + .row")) row.remove();
  form.reset();
  for (const [each, value] of days) each.value = value;
  form.elements.id.value = random();
  sessionStorage.removeItem(draft);
  faults({});
  form.querySelector("input:not([type=hidden], [data-sticky]), textarea").focus();
}

function faults(found) {
  for (const line of form.querySelectorAll("[data-fault]")) {
    const text = found[line.dataset.fault] ?? "";
    line.textContent = text;
    line.hidden = !text;
    for (const each of form.querySelectorAll(`[name="${CSS.escape(line.dataset.fault)}"]`)) {
      if (text) each.setAttribute("aria-invalid", "true");
      else each.removeAttribute("aria-invalid");
    }
  }
  const first = form.querySelector("[aria-invalid=true]") ?? form.querySelector("[data-fault]:not([hidden])");
  first?.focus();
  first?.scrollIntoView({ block: "center" });
}

function missing() {
  const empty = [...form.elements].filter((each) => each.willValidate && each.validity.valueMissing);
  return Object.fromEntries(empty.map((each) => [each.name, form.dataset.need]));
}

async function submit(event) {
  event.preventDefault();
  document.getElementById("told").hidden = true;
  const wrong = missing();
  const fields = typed();
  if (new URLSearchParams(fields).toString().length > FORM_MAX) wrong.form = form.dataset.long;
  faults(wrong);
  if (Object.keys(wrong).length) return;
  const entry = { id: form.elements.id.value, form: kind, by: who, at: Date.now(), fields };
  try {
    await outgoing.add(entry);
  } catch {
    form.submit(); // nothing can be kept here: the page itself goes, and comes back with what was typed
    return;
  }
  clear();
  await flush();
  await takeBack(entry.id);
}

// What was refused goes into the form again, unless something else is being typed there.
async function takeBack(id) {
  const entry = (await outgoing.waiting()).find((each) => each.id === id && each.form === kind && each.by === who);
  if (!entry?.faults || sessionStorage.getItem(draft)) return;
  await outgoing.drop(id);
  clear();
  form.elements.id.value = entry.id;
  fill(entry.fields);
  needContact();
  remember();
  faults(entry.faults);
  await told("");
}

function remember() {
  sessionStorage.setItem(draft, JSON.stringify({ by: who, id: form.elements.id.value, fields: typed(CONTACT) }));
}

function recall() {
  const kept = JSON.parse(sessionStorage.getItem(draft) ?? "null");
  if (!kept) return;
  if (kept.by !== who) sessionStorage.removeItem(draft);
  else {
    form.elements.id.value = kept.id;
    fill(kept.fields);
  }
}

function needContact() {
  for (const name of CONTACT) if (form.elements[name]) form.elements[name].required = Boolean(form.elements.real_name?.checked);
}

function wire() {
  form.addEventListener("submit", submit);
  form.addEventListener("input", () => {
    needContact();
    remember();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    if (event.ctrlKey || event.metaKey) form.requestSubmit();
    if (!event.target.matches("textarea, button")) event.preventDefault(); // a scanner or IME ends a field with it
  });
  wireChecklist(form);
  addEventListener("hashchange", () => takeBack(location.hash.slice(1)));
}

wire();
if (!form.querySelector("[aria-invalid]")) recall();
needContact();
takeBack(location.hash.slice(1));
