// Keeps the status page live. The server says everything in words; here they are only placed, as text.
//
// An element with data-item shows one object. Inside it, data-text, data-if, data-meter and data-list name
// the object's fields; a list holds a <template> for its entries. Elements are kept and refilled, so that
// nothing jumps and the focus stays.

const RETRY_MS = 3000;
const SILENCE_MS = 40000; // more than two heartbeats of the server (15 s)

const own = (item, mark) =>
  [...item.querySelectorAll(`[${mark}]`)].filter((e) => e.parentElement.closest("[data-item]") === item);

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function fill(item, values) {
  if (values.level) item.dataset.level = values.level;
  for (const e of own(item, "data-text")) setText(e, String(values[e.dataset.text]));
  for (const e of own(item, "data-if")) e.hidden = !values[e.dataset.if];
  for (const e of own(item, "data-meter")) {
    const value = values[e.dataset.meter];
    e.hidden = value === null;
    e.value = value ?? 0;
  }
  for (const e of own(item, "data-list")) fillList(e, values[e.dataset.list]);
}

function fillList(list, entries) {
  const blank = list.querySelector(":scope > template").content.firstElementChild;
  const items = [...list.children].filter((e) => "item" in e.dataset);
  items.slice(entries.length).forEach((e) => e.remove());
  entries.forEach((values, i) => fill(items[i] ?? list.appendChild(blank.cloneNode(true)), values));
}

function show(page) {
  fill(document.body, page);
  document.title = page.title;
  document.body.dataset.link = "live";
}

function listen() {
  const source = new EventSource(`/events?lang=${document.documentElement.dataset.lang}`);
  let silence;
  const lose = () => {
    clearTimeout(silence);
    source.close();
    document.body.dataset.link = "lost";
    setTimeout(listen, RETRY_MS);
  };
  const wait = () => {
    clearTimeout(silence);
    silence = setTimeout(lose, SILENCE_MS);
  };
  source.onmessage = (event) => {
    show(JSON.parse(event.data));
    wait();
  };
  source.onerror = lose;
  wait();
}

listen();
