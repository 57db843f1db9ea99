// What both pages share: one view at a time, pairing, the language.

import { Refused, Signer, pair } from "./signing.js";
import { lang, say, speak } from "./words.js";

export const root = document.documentElement.dataset;
export const base = location.pathname.replace(/[^/]*$/, "");
export const at = (id) => document.getElementById(id);

export function view(name) {
  if (document.body.dataset.view === name) return;
  document.body.dataset.view = name;
  document.querySelector(`[data-of="${name}"] h1`)?.focus({ preventScroll: true });
}

// Wait for `ms`, or until `ready()` is called.
export function pause(ms) {
  let ready;
  const over = new Promise((resolve) => {
    ready = resolve;
    setTimeout(resolve, ms);
  });
  return { over, ready };
}

export function watchLanguage(changed) {
  at("language").addEventListener("click", () => {
    speak(lang === "zh" ? "en" : "zh");
    changed();
  });
  speak("zh");
}

// The signer of this page's pairing, once it has one.
export async function paired(keeping) {
  const known = await keeping.recall("pairing");
  if (known) return new Signer(known);
  return askForCode(keeping);
}

export function askForCode(keeping) {
  view("pairing");
  return new Promise((resolve) => {
    at("pair").onsubmit = async (event) => {
      event.preventDefault();
      at("pair-fault").textContent = "";
      try {
        const made = await pair(base, `kiosk-${root.window}`, at("code").value);
        await keeping.keep("pairing", made);
        resolve(new Signer(made));
      } catch (error) {
        at("pair-fault").textContent = say(error instanceof Refused ? "pair_wrong" : "pair_away");
      }
      at("code").value = "";
    };
  });
}
