// Follows what is stored: each new line goes to the top of its table; a bad one is announced as well.

const link = document.querySelector("[data-after]");
const alarm = document.querySelector(".alarm");
const RETRY_MS = 3000;
const ROWS_MAX = 300;
let after = link.dataset.after;

function place(line) {
  const section = document.querySelector(`[data-kinds~="${line.kind}"]`);
  const row = section.querySelector("template").content.firstElementChild.cloneNode(true);
  for (const cell of row.querySelectorAll("[data-text]")) cell.textContent = line[cell.dataset.text];
  if (line.bad) row.dataset.level = "bad";
  const rows = section.querySelector("tbody");
  rows.prepend(row);
  if (rows.children.length > ROWS_MAX) rows.lastElementChild.remove();
  section.querySelector("table").hidden = false;
  section.querySelector(".empty").hidden = true;
  if (line.bad) {
    alarm.querySelector("[data-alarm]").textContent = [line.time, line.window, line.level, line.detail].join(" ");
    alarm.hidden = false;
  }
}

function follow() {
  const source = new EventSource(`/supervision/events?after=${after}`);
  source.onopen = () => {
    document.body.dataset.link = "live";
  };
  source.onmessage = (event) => {
    const line = JSON.parse(event.data);
    after = line.position;
    place(line);
  };
  source.onerror = () => {
    source.close();
    document.body.dataset.link = "lost";
    setTimeout(follow, RETRY_MS);
  };
}

follow();
