/**
 * The desk by keyboard: function keys that browsers leave free, printed on what they do; and arrows in the table, which
 * is one stop of the Tab key.
 */

const SECOND = 1_000;

const services = () => [...document.querySelectorAll("#checkin input[name=service_id]")];
const isText = (node) => node.matches("input:not([type=radio], [type=checkbox]), select, textarea");

/**
 * @param {{nobody: string, noCall: string}} told when a key has nothing to do
 * @param {(text: string) => void} refuse tells it
 */
export function listenToKeys(told, refuse) {
  const press = (key, otherwise) => {
    const button = document.querySelector(`button[aria-keyshortcuts="${key}"]`);
    if (button) button.click();
    else refuse(otherwise);
  };
  const keys = {
    F2: () => (services().find((tile) => tile.checked) ?? services().find((tile) => !tile.disabled))?.focus(),
    F4: () => document.getElementById("find")?.select(),
    F8: () => press("F8", told.nobody),
    F9: () => press("F9", told.noCall),
  };
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.metaKey || event.shiftKey) return;
    if (event.ctrlKey) takeBack(event);
    else if (keys[event.key]) {
      event.preventDefault();
      if (!event.repeat) keys[event.key]();
    } else if (event.target.name === "service_id") chooseTile(event);
    else if (event.target.closest("#line tbody")) goInTable(event);
  });
  rove();
}

/** Ctrl+Z, where it does not take back typing. */
function takeBack(event) {
  if (event.key !== "z" || isText(event.target)) return;
  const button = document.querySelector("#notices [data-undo]:not([hidden]) button");
  if (!button) return;
  event.preventDefault();
  button.click();
}

/** In the tiles: the number of a service, or the first letters of its name. */
let typed = { letters: "", at: -Infinity };

function chooseTile(event) {
  if (event.key.length !== 1 || event.key === " ") return;
  const tile = /[1-9]/.test(event.key) ? services()[event.key - 1] : tileNamed(event.key);
  if (!tile || tile.disabled) return;
  tile.checked = true;
  tile.focus();
}

function tileNamed(letter) {
  const now = performance.now();
  const letters = (now - typed.at < SECOND ? typed.letters : "") + letter.toLowerCase();
  typed = { letters, at: now };
  const starts = (tile) => tile.closest(".tile").innerText.trim().toLowerCase().startsWith(letters);
  return services().find((tile) => !tile.disabled && starts(tile));
}

/* --- The table is one stop of the Tab key; arrows go on from there --------------------------------------------- */

const stops = (row) => [...row.querySelectorAll("td.actions :is(button:not(:disabled), summary)")];

export function rove() {
  const all = [...document.querySelectorAll("#line tbody tr")].flatMap(stops);
  const current = all.includes(document.activeElement) ? document.activeElement : all[0];
  for (const stop of all) stop.tabIndex = stop === current ? 0 : -1;
}

function goInTable(event) {
  const row = event.target.closest("tr");
  const here = stops(row);
  const column = here.indexOf(event.target);
  if (column === -1) return;
  const forward = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
  const beside = { [forward]: 1, [forward === "ArrowRight" ? "ArrowLeft" : "ArrowRight"]: -1 }[event.key];
  const next = beside ? here[column + beside] : rowBeside(row, event.key, column - here.length);
  if (!next) return;
  event.preventDefault();
  next.focus();
  rove();
}

/** What stands in the same column of another row, counted from the end: not every row can be called. */
function rowBeside(row, key, fromEnd) {
  const rows = [...row.parentNode.rows];
  const to = { ArrowDown: rows.indexOf(row) + 1, ArrowUp: rows.indexOf(row) - 1, Home: 0, End: rows.length - 1 }[key];
  const there = rows[to] ? stops(rows[to]) : [];
  return there.at(Math.max(fromEnd, -there.length));
}
