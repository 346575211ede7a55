/**
 * The desk: keeps its regions fresh without ever moving the focus or touching what is being typed.
 *
 * Every answer of the server is a set of regions that htmx morphs into the page. Actions bring them themselves; when
 * somebody else changed a line, `refresh` asks for them.
 */
import { listenToKeys, rove } from "./keys.js";
import { Live, clinicClock } from "./live.js";

const SECOND = 1_000;
/** A second press of the same button within this time is the same press. */
const DOUBLE_PRESS_MS = 500;
/** Pushes that come together are one refresh; a long line, which takes long to draw, is drawn less often. */
const GATHER_MS = 150;
const GATHER_TIMES = 3;
/** A socket that is away for so long is told; so long without any word from the clinic, and nothing is sent. */
const RECONNECTING_MS = 3 * SECOND;
const OFFLINE_MS = 15 * SECOND;
/** Undo stands so long beside what it takes back; after that it is in the ticket's history. */
const UNDO_MS = 20 * SECOND;

const page = document.body.dataset;
const clock = clinicClock(page.timeZone);
const clockToTheSecond = clinicClock(page.timeZone, document.documentElement.lang, { second: "2-digit" });
const notices = document.getElementById("notices");

/* --- Live ------------------------------------------------------------------------------------------------- */

const shown = () => location.pathname + location.search;

let refreshing;
let took = 0;

function refresh() {
  refreshing ??= setTimeout(async () => {
    const start = performance.now();
    refreshing = undefined;
    await htmx.ajax("GET", shown(), { source: "#lines", swap: "none" });
    took = performance.now() - start;
  }, GATHER_MS + GATHER_TIMES * took);
}

/** Another line was chosen while the refresh was under way: its answer would bring the old one back. */
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { elt, path } = detail.requestConfig;
  if (elt.id !== "lines" || path === shown()) return;
  detail.shouldSwap = false;
  refresh();
});

let live;
let socketLostAt;

/** Before a tick is missed, a socket that is away says so; a moment of it is nobody's business. */
function reconnecting() {
  if (live.socket.readyState === WebSocket.OPEN) socketLostAt = undefined;
  else socketLostAt ??= Date.now();
  return Date.now() - socketLostAt > RECONNECTING_MS;
}

function showState({ name, since }) {
  const chip = document.getElementById("live");
  const waits = name === "live" && reconnecting();
  const text = { live: waits ? page.reconnecting : page.live, connecting: page.connecting, refused: page.refused }[name];
  chip.hidden = false;
  chip.dataset.state = waits ? "connecting" : name;
  chip.textContent = text ?? `${page.notLive} ${clock(since)}`;
}

/** A display reports a call while the log of it is still being written: the card is told at once. */
function showShown({ call, display, at }) {
  const place = document.querySelector(`[data-shown="${CSS.escape(call)}"]`);
  if (!place || place.textContent.trim()) return;
  place.textContent = page.shownOn.replace("{display}", display).replace("{time}", clockToTheSecond(new Date(at)));
}

/* --- Not connected: nothing true has been heard for a while, by the socket or by asking ----------------------- */

const offline = () => live !== undefined && Date.now() - live.state.heard > OFFLINE_MS;

function showOffline() {
  const { heard } = live.state;
  const frozen = document.getElementById("frozen");
  document.getElementById("offline").hidden = !offline();
  document.getElementById("heard").textContent = clock(heard);
  document.body.classList.toggle("is-offline", offline());
  if (!frozen) return;
  frozen.hidden = !offline();
  frozen.textContent = `${page.frozen} ${clock(heard)}.`;
}

/** Nothing is kept for later: a call that comes late would call somebody twice. */
document.addEventListener(
  "submit",
  (event) => {
    if (event.target.method !== "post" || !offline()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    refuse(page.notSent);
  },
  true,
);

if (document.getElementById("lines")) {
  const services = page.services.split(" ").filter(Boolean).map(Number);
  live = new Live({ path: "/ws/desk/", services, onBoard: refresh, onState: showState, onShown: showShown }).start();
  setInterval(refresh, 60 * SECOND); // "12 min" becomes 13
  setInterval(() => {
    showState(live.state);
    showOffline();
  }, SECOND);
}

/* --- Morphing --------------------------------------------------------------------------------------------- */

/** The menu in this part of the page that somebody is choosing or typing in; its row stays as it is. */
const inUse = (node) => node.nodeType === Node.ELEMENT_NODE && node.querySelector("details.more[open]");

function sayGone(menu) {
  const row = menu.closest("tr");
  row.classList.add("gone");
  row.title = page.gone;
}

Object.assign(Idiomorph.defaults.callbacks, {
  beforeNodeMorphed: (old) => !(old.nodeName === "TR" && inUse(old)),
  beforeNodeRemoved: (old) => {
    const menu = inUse(old);
    if (menu) sayGone(menu);
    return !menu;
  },
});

/* --- Focus: stays where it is; where that is gone, goes to the row or room around it ------------------------- */

let around;

function remember() {
  const place = document.activeElement?.closest("tr[id], .room, #missed li");
  around = place && { id: place.id, index: [...place.parentNode.children].indexOf(place), list: place.parentNode.parentNode.id };
}

function restore() {
  if (!around || document.activeElement !== document.body) return;
  const rows = document.querySelectorAll("#line tbody tr");
  const next = document.getElementById(around.id) ?? rows[Math.min(around.index, rows.length - 1)] ?? document.getElementById("lines");
  (next.querySelector("button:not(:disabled), summary") ?? next).focus({ preventScroll: true });
}

document.addEventListener("htmx:beforeSwap", remember);
document.addEventListener("htmx:afterSettle", () => {
  restore();
  if (page.shortcuts === "on") rove();
  limitUndo();
});

/* --- Actions ---------------------------------------------------------------------------------------------- */

let pressed = { what: "", at: -Infinity };

/** The same thing sent to the same address again at once. Keys differ from form to form and do not count. */
function isDoublePress({ verb, path, formData }) {
  if (verb !== "post") return false;
  const sent = [...formData].filter(([name]) => !["key", "csrfmiddlewaretoken"].includes(name));
  const now = { what: JSON.stringify([path, sent]), at: performance.now() };
  const again = now.what === pressed.what && now.at - pressed.at < DOUBLE_PRESS_MS;
  pressed = now;
  return again;
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (isDoublePress(event.detail.requestConfig)) event.preventDefault();
});

function refuse(text) {
  const notice = document.createElement("p");
  notice.className = "notice refused";
  notice.textContent = text;
  notices.replaceChildren(notice);
}

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const { xhr, requestConfig, successful } = detail;
  if (xhr.responseURL && !/^\/(desk|room)\//.test(new URL(xhr.responseURL).pathname)) {
    location.reload(); // signed out meanwhile: the sign-in page came instead
  } else if (requestConfig.verb === "post" && !successful) {
    if (xhr.status === 0 || xhr.status > 501) refuse(page.unanswered);
    else if (!xhr.getResponseHeader("HX-Reswap")) refuse(page.failed); // not the desk's own answer, which says why
  } else if (requestConfig.verb === "post") {
    requestConfig.elt.closest("details.more")?.removeAttribute("open");
    if (requestConfig.path.includes("/undo/")) document.getElementById("issued")?.replaceChildren();
  }
});

/* --- Undo: a while beside what was done ----------------------------------------------------------------------- */

const limited = new WeakSet();

function limitUndo() {
  for (const undo of notices.querySelectorAll("[data-undo]")) {
    if (limited.has(undo)) continue;
    limited.add(undo);
    const { undo: event } = undo.dataset;
    setTimeout(() => hideUndo(undo, event), UNDO_MS);
  }
}

/** The notice of a later action may stand in the same element by now; and nobody's focus is taken away. */
function hideUndo(undo, event) {
  if (undo.dataset.undo !== event) limited.delete(undo);
  else if (undo.contains(document.activeElement)) undo.addEventListener("focusout", () => (undo.hidden = true), { once: true });
  else undo.hidden = true;
}

limitUndo();

/* --- The menu of a row ------------------------------------------------------------------------------------ */

document.addEventListener(
  "toggle",
  ({ target }) => {
    if (!target.matches("details.more")) return;
    if (!target.open) return refresh();
    for (const other of document.querySelectorAll("details.more[open]")) if (other !== target) other.open = false;
    const menu = target.querySelector(".menu");
    htmx.ajax("GET", menu.dataset.ticket + location.search, { target: menu, swap: "innerHTML" });
  },
  true,
);

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.more[open]")) if (!menu.contains(except)) menu.open = false;
}

document.addEventListener("click", (event) => closeMenus(event.target));

/* --- Keys ----------------------------------------------------------------------------------------------------- */

document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  document.querySelector("details.more[open] summary")?.focus();
  closeMenus();
});

if (page.shortcuts === "on") listenToKeys(page, refuse);
