// The checklist of an inspection by keyboard: a digit marks a line and goes on to the next one.

const RESULTS = { 1: "pass", 2: "fail", 3: "na" };
const LINES = 8;

// Another line of a point, by its code or by the name of a field in it.
export function more(form, name) {
  const point = form.querySelector(`.point[data-code="${CSS.escape(name.split(".")[1] ?? name)}"]`);
  const rows = point?.querySelectorAll(".row") ?? [];
  if (!rows.length || rows.length >= LINES) return null;
  const last = [...rows].at(-1);
  const row = last.cloneNode(true);
  const number = Number(last.querySelector("[name]").name.split(".")[2]) + 1;
  const renamed = (text) => text.replace(/^(x-)?i\.([A-Z0-9]+)\.\d/, `$1i.$2.${number}`);
  for (const each of row.querySelectorAll("[name]")) {
    each.name = renamed(each.name);
    each.removeAttribute("aria-invalid");
    each.setAttribute("aria-describedby", renamed(each.getAttribute("aria-describedby")));
    if (each.type === "radio") each.checked = each.defaultChecked = false;
    else each.value = each.defaultValue = "";
  }
  for (const line of row.querySelectorAll("[data-fault]")) {
    line.dataset.fault = renamed(line.dataset.fault);
    line.id = renamed(line.id);
    line.hidden = true;
  }
  point.append(row);
  return row;
}

function mark(row, key) {
  const rows = [...row.closest("form").querySelectorAll(".row")];
  for (const radio of row.querySelectorAll("[type=radio]")) radio.checked = radio.value === RESULTS[key];
  const next = key === "2" ? row.querySelector("input:not([type=radio])") : rows[rows.indexOf(row) + 1]?.querySelector("[type=radio]");
  next?.focus();
  row.dispatchEvent(new Event("input", { bubbles: true }));
}

export function wireChecklist(form) {
  form.addEventListener("keydown", (event) => {
    const row = event.target.matches(".row [type=radio]") && event.target.closest(".row");
    if (!row || !/^[0-3]$/.test(event.key) || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    mark(row, event.key);
  });
  for (const button of form.querySelectorAll(".more")) {
    button.hidden = false;
    button.addEventListener("click", () => more(form, button.closest(".point").dataset.code)?.querySelector("input").focus());
  }
}
