// The form of a rating, on tablet and phone alike: five levels, tags that fit the level, a comment.
//
// Nothing is preselected; a level counts when the citizen has tapped it.

import { at } from "./page.js";
import { lang, say } from "./words.js";

const LEVELS = ["very_satisfied", "satisfied", "basically_satisfied", "dissatisfied", "very_dissatisfied"];
const stars = (level) => 5 - LEVELS.indexOf(level);
export const naive = (date) => new Date(date - date.getTimezoneOffset() * 60000).toISOString().slice(0, 19);

export class Form {
  // chose(level): one was tapped. touched(): a tag was tapped, or something typed.
  constructor(chose, touched) {
    this.chose = chose;
    this.touched = touched;
    this.level = null;
    at("more").addEventListener("click", () => {
      this.showTags(true);
      at("tags").querySelectorAll("button")[this.first]?.focus();
    });
    at("comment").addEventListener("input", touched);
    for (const group of ["levels", "tags"]) at(group).addEventListener("keydown", moveFocus);
  }

  // The level that was tapped, and the tags of the hall's dictionary.
  begin(level, hall) {
    Object.assign(this, { level, hall, tags: [] });
    at("comment").value = "";
    this.showTags(false);
  }

  // What the citizen says, as the daemon takes it.
  said() {
    return {
      level: this.level,
      tags: this.tags,
      tag_dict_version: this.tags.length ? (this.hall.tag_dict_version ?? null) : null,
      comment: at("comment").value.trim() || null,
    };
  }

  // Again, in the language that is spoken now.
  speak() {
    this.showLevels();
    if (this.level) this.showTags(this.all);
  }

  showLevels() {
    at("levels").replaceChildren(...LEVELS.map((level) => this.levelButton(level)));
    at("levels").setAttribute("aria-label", say("levels"));
  }

  levelButton(level) {
    const button = document.createElement("button");
    button.className = "level";
    button.dataset.level = level;
    const face = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    face.setAttribute("aria-hidden", "true");
    face.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "use"));
    face.firstChild.setAttribute("href", `#face-${stars(level)}`);
    button.append(face, say(level));
    button.addEventListener("click", () => this.chose(level));
    return button;
  }

  showTags(all) {
    const own = (this.hall.tags ?? []).filter((tag) => tag.code[0] === String(stars(this.level)));
    const shown = own.filter((tag) => all || tag.first);
    at("chosen").setAttribute("href", `#face-${stars(this.level)}`);
    at("chosen-name").textContent = say(this.level);
    at("tags").setAttribute("aria-label", say("why"));
    at("tags").replaceChildren(...shown.map((tag) => this.tagButton(tag)));
    at("more").hidden = shown.length === own.length;
    if (!all) this.first = shown.length;
    this.all = all;
  }

  tagButton(tag) {
    const button = document.createElement("button");
    button.className = "tag";
    button.dataset.code = tag.code;
    button.textContent = lang === "en" && tag.en ? tag.en : tag.zh;
    button.setAttribute("aria-pressed", String(this.tags.includes(tag.code)));
    button.addEventListener("click", () => {
      const on = this.tags.includes(tag.code);
      this.tags = on ? this.tags.filter((code) => code !== tag.code) : [...this.tags, tag.code];
      button.setAttribute("aria-pressed", String(!on));
      this.touched();
    });
    return button;
  }
}

function moveFocus(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const all = [...event.currentTarget.querySelectorAll("button")];
  const here = all.indexOf(document.activeElement);
  if (!step || here < 0) return;
  event.preventDefault();
  all[(here + step + all.length) % all.length].focus();
}
