// Entries of the supervision office on their way to the daemon: on disk here before they are sent, gone from
// here by its word alone. Each has the id its page made, so that the same one sent twice is one event.
//
// An entry goes in the session of who typed it. Contact details wait no longer than the hall keeps them.

import { Keeping } from "./keeping.js";

const TIMEOUT_MS = 15000;
const CONTACT_MS = 30 * 86400e3;
const CONTACT = ["contact_name", "contact_phone"];

// Why nothing was sent: offline, login, closed, refused.
export class Away extends Error {}

class Memory {
  entries = new Map();
  async add(entry) {
    this.entries.set(entry.id, entry);
  }
  async drop(id) {
    this.entries.delete(id);
  }
  async waiting() {
    return [...this.entries.values()];
  }
}

async function asked(path, fields) {
  const options = { cache: "no-store", redirect: "manual", headers: { accept: "application/json" } };
  if (fields) Object.assign(options, { method: "POST", body: new URLSearchParams(fields) });
  let reply;
  try {
    reply = await fetch(path, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw new Away("offline");
  }
  if (reply.type === "opaqueredirect") throw new Away("login");
  if (!(reply.headers.get("content-type") ?? "").startsWith("application/json")) throw new Away("refused");
  return reply.json().catch(() => {
    throw new Away("offline");
  });
}

export class Outgoing {
  kept = true;

  static async open() {
    const made = new Outgoing();
    try {
      made.keeping = await Keeping.open("hall-edge office");
    } catch {
      made.keeping = new Memory();
      made.kept = false;
    }
    return made;
  }

  // Resolves when it is on disk.
  add(entry) {
    return this.keeping.add(entry);
  }

  drop(id) {
    return this.keeping.drop(id);
  }

  waiting() {
    return this.keeping.waiting();
  }

  // Sends what waits of who is logged in, one flush after the other; resolves to {away, saved}: why some of it
  // stays, and the answers to what is saved. What is wrong waits for its correction, with `faults`.
  flush() {
    this.flushing = (this.flushing ?? Promise.resolve()).catch(() => {}).then(() => this.flushed());
    return this.flushing;
  }

  async flushed() {
    const result = { away: "", saved: [] };
    try {
      const all = await this.aged();
      if (!all.some((entry) => !entry.faults)) return result;
      const session = await asked("/forms/session");
      for (const entry of all) {
        if (entry.by === session.name && !entry.faults) await this.send(entry, session.token, result);
      }
    } catch (error) {
      if (!(error instanceof Away)) throw error;
      result.away = error.message;
    }
    return result;
  }

  async aged() {
    const all = await this.waiting();
    for (const entry of all) {
      if (Date.now() - entry.at < CONTACT_MS || !CONTACT.some((name) => entry.fields[name])) continue;
      for (const name of CONTACT) delete entry.fields[name];
      await this.add(entry);
    }
    return all;
  }

  async send(entry, token, result) {
    const waited_s = Math.max(0, Math.round((Date.now() - entry.at) / 1000));
    const lang = document.documentElement.dataset.lang;
    const fields = { ...entry.fields, id: entry.id, waited_s, token };
    const answer = await asked(`/forms/${entry.form}?lang=${lang}`, fields);
    if (answer.id !== entry.id) throw new Away("refused");
    if (answer.state === "closed") throw new Away("closed");
    if (answer.state === "saved") {
      await this.drop(entry.id);
      result.saved.push(answer);
    } else {
      await this.add({ ...entry, faults: answer.faults });
    }
  }
}
