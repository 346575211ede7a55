/**
 * The kiosk: its own keys, and clearing. Whatever somebody leaves behind is gone before the next one comes.
 */
const { start, idle, warning } = document.body.dataset;
const SECOND = 1_000;
const still = document.getElementById("still");
const seconds = document.getElementById("seconds");
let touched = Date.now();

/** Without a way back to this page. */
const clear = () => location.replace(start);

/* --- Clearing --------------------------------------------------------------------------------------------- */

function touch() {
  if (!still.open) touched = Date.now();
}

function look() {
  const left = Number(idle) + Number(warning) - (Date.now() - touched) / SECOND;
  if (left <= 0) return clear();
  if (left <= Number(warning) && !still.open) still.showModal();
  seconds.textContent = Math.ceil(left);
}

for (const event of ["pointerdown", "keydown", "input"]) document.addEventListener(event, touch);
still.addEventListener("close", () => (touched = Date.now()));
setInterval(look, SECOND);
addEventListener("pageshow", ({ persisted }) => persisted && clear());

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-replace]")) return;
  event.preventDefault();
  clear();
});

/* --- Keys ------------------------------------------------------------------------------------------------- */

const field = document.querySelector(".typed");
const keyboard = document.querySelector(".keyboard");

function press({ target }) {
  const key = target.closest("button");
  if (!key) return;
  if ("back" in key.dataset) field.value = [...field.value].slice(0, -1).join("");
  else if (field.value.length < field.maxLength) field.value += key.dataset.key;
}

if (keyboard) {
  keyboard.hidden = false;
  keyboard.addEventListener("click", press);
  field.focus();
}

/* --- Paper ------------------------------------------------------------------------------------------------ */

const printing = document.getElementById("print");
if (printing) {
  printing.hidden = false;
  printing.addEventListener("click", () => print());
}
