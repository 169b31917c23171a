// Comforts only: every page works without this file.
"use strict";

const EYE = "M2.5 12q9.5-13 19 0q-9.5 13-19 0zM9 12a3 3 0 0 1 6 0a3 3 0 0 1-6 0z";
const SLASH = "M4.5 19.5l15-15";
function draw(name, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// A button in each password field that shows what is typed.
function addToggle(input) {
  const button = document.createElement("button");
  const show = (on) => {
    input.type = on ? "text" : "password";
    button.setAttribute("aria-pressed", String(on));
  };
  Object.assign(button, { type: "button", className: "show" });
  button.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-label", `Show ${input.labels[0].textContent.toLowerCase()}`);
  button.append(draw("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" },
    draw("path", { d: EYE }), draw("path", { d: SLASH, class: "slash" })));
  button.addEventListener("click", () => show(input.type === "password"));
  // Browsers offer to save a password only from a password field.
  input.form.addEventListener("submit", () => show(false));
  input.after(button);
}

// Says early that the two new passwords differ.
function comparePasswords(again) {
  const first = document.getElementById(again.dataset.sameAs);
  again.form.addEventListener("input", () => again.setCustomValidity(
    again.value === first.value ? "" : "The two passwords are not the same."));
}

// After too many failures: the button counts down and comes back by itself.
function countDown(form) {
  const button = form.querySelector("button.main");
  const name = button.textContent;
  const end = Date.now() + form.dataset.wait * 1000;
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    button.disabled = left > 0;
    if (left > 0) {
      button.textContent = `Wait ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      setTimeout(tick, 500);
    } else {
      button.textContent = name;
      document.getElementById("error").textContent = "You can try again now.";
    }
  };
  tick();
}

// A button beside a text that is to be taken elsewhere.
function addCopy(field) {
  const isInput = field.matches("input");
  const select = () => isInput ? field.select() : getSelection().selectAllChildren(field);
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: isInput ? "main" : "plain", textContent: "Copy" });
  button.setAttribute("aria-live", "polite");
  if (isInput) field.addEventListener("focus", select);
  button.addEventListener("click", async () => {
    let copied = await navigator.clipboard?.writeText(isInput ? field.value : field.textContent).then(() => true, () => false);
    if (!copied) {
      // On pages that came without TLS only the older way works, with what is selected.
      select();
      copied = document.execCommand("copy");
    }
    button.textContent = copied ? "Copied" : "Selected";
  });
  field.after(button);
}

// A preset and its boxes: each follows the other.
function tieBoxes(part) {
  const select = part.querySelector("select");
  const boxes = [...part.querySelectorAll("input[name^=may]")];
  const box = (name) => boxes.find(({ value }) => value === name);
  const presets = [...document.querySelectorAll("option[data-boxes]")];
  select.addEventListener("change", () => {
    const preset = presets.find(({ value }) => value === select.value);
    const names = preset?.dataset.boxes.split(" ");
    if (names) for (const each of boxes) each.checked = names.includes(each.value);
  });
  part.addEventListener("change", ({ target }) => {
    if (!boxes.includes(target)) return;
    const [view, edit] = [box("view_all_downloads"), box("edit_all_downloads")];
    if (target === edit && edit.checked) view.checked = true;
    if (target === view && !view.checked) edit.checked = false;
    const ticked = boxes.filter(({ checked }) => checked).map(({ value }) => value).join(" ");
    select.value = presets.find(({ dataset }) => dataset.boxes === ticked)?.value ?? "custom";
  });
}

// Typing into a field chooses what it belongs to.
function choose(input) {
  input.addEventListener("input", () => { document.getElementById(input.dataset.chooses).checked = true; });
}

document.querySelectorAll("input[type=password]").forEach(addToggle);
document.querySelectorAll("[data-boxes-of]").forEach(tieBoxes);
document.querySelectorAll("input[data-chooses]").forEach(choose);
document.querySelectorAll("input[data-same-as]").forEach(comparePasswords);
document.querySelectorAll("[data-copy]").forEach(addCopy);
document.querySelectorAll("#error ~ form[data-wait]").forEach(countDown);
