/**
 * The page of a ticket: hears that its line changed, and fetches what it tells. Works on a phone that sleeps and wakes.
 *
 * What the socket says holds no code of anybody. Whoever is near the front asks at once, the others within five seconds.
 */
import { Live, clinicClock } from "./live.js";

const SECOND = 1_000;
const NEAR_MS = 2 * SECOND;
const FAR_MS = 5 * SECOND;
const POLL_MS = 15 * SECOND;
/** Time passes without a change: the estimate is made again. */
const AGAIN_MS = 60 * SECOND;
/** Done, refused, too often: the page as it is now comes with each. */
const ANSWERS = [200, 409, 429];

const part = (name) => document.getElementById(name);
const page = part("live").dataset;
const clock = clinicClock(page.timeZone);
let asked = Date.now();
let drawn;
let due;

/* --- Fetching --------------------------------------------------------------------------------------------- */

function refreshWithin(milliseconds) {
  due ??= setTimeout(refresh, Math.random() * milliseconds);
}

async function refresh() {
  clearTimeout(due);
  due = undefined;
  asked = Date.now();
  try {
    const response = await fetch(`${page.address}?part=1`, { cache: "no-store", signal: AbortSignal.timeout(POLL_MS) });
    if (response.status === 404) location.replace(page.address); // it says what became of the ticket
    else if (response.ok) draw(await response.text());
  } catch {
    // Not reached: the state of the socket says so, and the next poll comes.
  }
}

/** Puts the fresh part in place. The focus stays where it is, or goes to the words. */
function draw(html) {
  const old = part("ticket");
  const focused = old.contains(document.activeElement) && document.activeElement.id;
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("ticket");
  if (html !== drawn) {
    drawn = html;
    old.replaceWith(fresh);
    showSwitch();
    if (focused) (part(focused) ?? part("told")).focus({ preventScroll: true });
    tell(old.dataset, fresh.dataset);
  }
  showState(live.state);
}

function tell(before, { state, service, title, version }) {
  document.title = title;
  live.versions.set(Number(service), Math.max(live.version(service), Number(version)));
  if (service !== before.service) live.again(); // sent on: the socket of the old line hears nothing more
  const words = part("told").innerText.trim();
  if (state !== "called") part("status").textContent = words;
  else if (before.state !== "called" || part("alert").textContent !== words) part("alert").textContent = words;
  if (state === "called" && before.state !== "called") call();
}

/* --- The call --------------------------------------------------------------------------------------------- */

let audio;
let awake;

/** "Tell me": only a touched page may make a sound or tremble, and only one that is not asleep. */
async function beTold() {
  audio ??= new AudioContext();
  showSwitch();
  await audio.resume().catch(() => {});
  awake = await navigator.wakeLock?.request("screen").catch(() => undefined);
  showSwitch();
}

function beToldNoMore() {
  audio?.close();
  awake?.release();
  audio = awake = undefined;
  showSwitch();
}

function showSwitch() {
  const button = part("tell");
  if (!button) return;
  button.hidden = false;
  button.setAttribute("aria-pressed", String(Boolean(audio)));
  button.textContent = audio ? button.dataset.on : button.dataset.off;
}

function call() {
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([400, 200, 400, 200, 800]);
  if (audio?.state === "running") [659, 523, 659].forEach(tone);
}

function tone(frequency, number) {
  const start = audio.currentTime + 0.45 * number;
  const sound = new OscillatorNode(audio, { frequency });
  const volume = new GainNode(audio, { gain: 0 });
  volume.gain.linearRampToValueAtTime(0.4, start + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, start + 0.9);
  sound.connect(volume).connect(audio.destination);
  sound.start(start);
  sound.stop(start + 1);
}

/* --- Actions ---------------------------------------------------------------------------------------------- */

/** Without leaving the page, which would lose the sound. */
async function send(form, button) {
  button.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(`${form.action}?part=1`, { method: "POST", body: new FormData(form) });
    if (response.status === 404) location.replace(page.address);
    else if (!ANSWERS.includes(response.status)) throw new Error(response.status);
    else draw(await response.text());
  } catch {
    button.removeAttribute("aria-busy");
    refuse(page.unanswered);
  }
}

function refuse(text) {
  part("refusal")?.remove();
  const notice = Object.assign(document.createElement("p"), { id: "refusal", className: "notice refused", textContent: text });
  notice.setAttribute("role", "alert");
  part("ticket").prepend(notice);
}

document.addEventListener("submit", (event) => {
  if (!part("ticket").contains(event.target)) return; // a choice of language loads the page
  event.preventDefault();
  send(event.target, event.submitter);
});

document.addEventListener("click", ({ target }) => {
  if (target.id === "tell") audio ? beToldNoMore() : beTold();
});

/* --- Live ------------------------------------------------------------------------------------------------- */

function showState({ name, since }) {
  const stale = name === "stale" || name === "refused";
  const chip = part("live");
  const words = { live: `${page.live} ${clock(new Date(asked))}`, connecting: page.connecting }[name];
  document.body.dataset.live = chip.dataset.state = name;
  chip.hidden = false;
  chip.textContent = words ?? `${page.notLive} ${clock(since)}`;
  if (stale && Date.now() - asked >= POLL_MS) refresh();
}

const live = new Live({
  path: `/ws/ticket/${page.token}/`,
  onBoard: ({ near }) => refreshWithin(near ? NEAR_MS : FAR_MS),
  onState: showState,
});
live.versions.set(Number(part("ticket").dataset.service), Number(part("ticket").dataset.version));
showSwitch();
live.start();
setInterval(refresh, AGAIN_MS);
document.addEventListener("visibilitychange", () => document.hidden || refreshWithin(NEAR_MS));
