// The import page: sends the file as it is, shows what the server says of it, and asks for a yes.
// Every text comes from the server or the page; nothing here decides.

const look = document.getElementById("look");
const take = document.getElementById("take");
const told = document.getElementById("told");
const foreign = document.getElementById("foreign");
let token = "";

function show(lines) {
  told.replaceChildren(
    ...lines.map((line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }),
  );
}

async function post(form, path, values, body) {
  const button = form.querySelector("button");
  const query = new URLSearchParams({ ...values, lang: document.documentElement.lang.slice(0, 2) });
  button.disabled = true;
  show([form.dataset.wait]);
  try {
    const headers = {
      "content-type": "application/octet-stream",
      "x-form-token": look.elements.token?.value ?? "",
    };
    const answer = await fetch(`${path}?${query}`, { method: "POST", headers, body });
    const said = await answer.json();
    show(said.lines);
    return answer.ok ? said : null;
  } catch {
    show([look.dataset.lost]);
    return null;
  } finally {
    button.disabled = false;
  }
}

look.addEventListener("submit", async (event) => {
  event.preventDefault();
  take.hidden = true;
  const file = look.elements.file.files[0];
  const values = { device: look.elements.device.value, serial: look.elements.serial.value, name: file.name };
  const said = await post(look, "/import/look", values, file);
  token = said?.token ?? "";
  take.hidden = !token;
  foreign.hidden = !said?.foreign;
  take.elements.force.required = Boolean(said?.foreign);
  take.elements.force.checked = false;
  take.elements.until.value = "";
});

take.addEventListener("submit", async (event) => {
  event.preventDefault();
  const force = take.elements.force.checked ? "yes" : "";
  const said = await post(take, "/import/take", { token, force, until: take.elements.until.value }, "");
  if (said) take.hidden = true;
});
