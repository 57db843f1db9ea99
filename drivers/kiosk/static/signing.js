// Pairing by a one-time code, and signed requests; the other half is edge/pairing/signing.py.
//
// The key never travels: both sides make it of the code. An answer counts only when its signature shows that
// the daemon which holds the key gave it: a proxy's «200» must not empty the queue.

import { bytesOf, hex, hmac, joined, unhex } from "./sha256.js";

export const random = (count) => hex(crypto.getRandomValues(new Uint8Array(count)));
const mac = (key, ...lines) => hex(hmac(key, bytesOf(lines.join("\n"))));
const TIMEOUT_MS = 8000;

export class Refused extends Error {
  constructor(status, why) {
    super(`${status} ${why}`);
    this.status = status;
    this.why = why;
  }
}

async function asked(path, options) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
  try {
    const reply = await fetch(path, { cache: "no-store", ...options, signal: stop.signal });
    return { status: reply.status, headers: reply.headers, body: new Uint8Array(await reply.arrayBuffer()) };
  } finally {
    clearTimeout(timer);
  }
}

const told = (body) => {
  try {
    return JSON.parse(new TextDecoder().decode(body) || "{}");
  } catch {
    return {};
  }
};

// Pair with the code a technician reads off; returns {id, key, part} to be kept. Throws Refused.
export async function pair(base, serial, typed) {
  const code = bytesOf(typed.toUpperCase().replace(/[^A-Z0-9]/g, ""));
  const nonce = random(16);
  const offer = { nonce, proof: mac(code, "hall-edge pair page", serial, nonce) };
  const reply = await asked(`${base}pair`, { method: "POST", body: JSON.stringify(offer) });
  const answer = told(reply.body);
  if (reply.status !== 200) throw new Refused(reply.status, answer.error ?? "");
  const proof = mac(code, "hall-edge pair edge", serial, nonce, answer.nonce, answer.key_id);
  if (proof !== answer.proof) throw new Refused(reply.status, "foreign");
  const key = mac(code, "hall-edge key", serial, nonce, answer.nonce);
  return { id: answer.key_id, key, part: answer.part };
}

// Sends signed requests under one pairing. The daemon's time is learned from its answers.
export class Signer {
  constructor(pairing) {
    this.pairing = pairing;
    this.key = unhex(pairing.key);
    this.era = "0".repeat(16);
    this.ahead = 0;
  }

  time() {
    return `${this.era}.${Math.max(0, Math.round(performance.now() + this.ahead))}`;
  }

  learn(time) {
    const [era, ms] = (time ?? "").split(".");
    if (!/^[0-9a-f]{16}$/.test(era)) return;
    this.era = era;
    this.ahead = Number(ms) - performance.now();
  }

  headers(method, path, body, nonce) {
    const time = this.time();
    const head = bytesOf(["hall-edge request", method, path, time, nonce, ""].join("\n"));
    const sign = hex(hmac(this.key, joined(head, bytesOf(body))));
    return { "x-edge-key": this.pairing.id, "x-edge-time": time, "x-edge-nonce": nonce, "x-edge-sign": sign };
  }

  // The daemon's answer as JSON. Throws Refused for an answer it signed that is no success, or TypeError,
  // AbortError and the like where nobody who holds the key answered.
  async send(method, path, values) {
    const body = values === undefined ? "" : JSON.stringify(values);
    for (let again = 0; ; again += 1) {
      const nonce = random(16);
      const headers = this.headers(method, path, body, nonce);
      const reply = await asked(path, { method, headers, body: method === "GET" ? undefined : body });
      const answer = told(reply.body);
      if (!this.vouched(reply, nonce)) {
        if (reply.status === 401 && answer.error === "unknown") throw new Refused(401, "unknown");
        throw new TypeError("not answered by the daemon");
      }
      this.learn(reply.headers.get("x-edge-time"));
      if (reply.status < 300) return answer;
      if (reply.status !== 401 || answer.error !== "time" || again) throw new Refused(reply.status, answer.error);
    }
  }

  vouched(reply, nonce) {
    const head = bytesOf(["hall-edge reply", nonce, String(reply.status), ""].join("\n"));
    return reply.headers.get("x-edge-sign") === hex(hmac(this.key, joined(head, reply.body)));
  }
}
