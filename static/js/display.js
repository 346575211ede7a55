/**
 * The wall: plays every call once, in order, each for long enough to be read from the back of the room.
 *
 * What was played and what still is to be played outlive a reload (sessionStorage). Sound that fails never stops the picture.
 */
import { Live, clinicClock } from "./live.js";

const page = document.body.dataset;
const SHOWN_MS = 8_000;
/** A call that arrives later than this is listed and not announced. */
const TOO_OLD_MS = 90_000;
/** So long a call stays loud after it was announced, if no other comes. */
const LOUD_MS = 60_000;
const NOT_UP_TO_DATE_MS = 120_000;
const BEAT_MS = 30_000;
const REMEMBERED = 300;
const FULL_BOARD = 30;
const LISTED = 5;
/** Letters of a room's name that fit in its largest size. */
const LONG_ROOM = 16;
const NEXT = 12;

const services = page.services.split(" ").filter(Boolean).map(Number);
const clock = clinicClock(page.timeZone);
const boards = new Map();
const memory = recall();
let playing = false;
let ahead = 0; // the server's clock less this one's

const part = (name) => document.getElementById(name);
const serverNow = () => Date.now() + ahead;

/* --- Memory ----------------------------------------------------------------------------------------------- */

function recall() {
  try {
    return { played: [], waiting: [], ...JSON.parse(sessionStorage.getItem(page.display)) };
  } catch {
    return { played: [], waiting: [] };
  }
}

function keep() {
  memory.played = memory.played.slice(-REMEMBERED);
  try {
    sessionStorage.setItem(page.display, JSON.stringify(memory));
  } catch {
    // A browser that keeps nothing may repeat a call after a reload; it must still show it.
  }
}

/* --- Boards in, calls out --------------------------------------------------------------------------------- */

const allCalls = () =>
  [...boards.values()]
    .flatMap((board) => board.calls.map((call) => ({ ...call, service: board.service.id })))
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at));

function takeBoard(board) {
  boards.set(board.service.id, board);
  for (const call of allCalls().reverse()) if (isNew(call)) note(call);
  keep();
  draw();
  playNext();
}

const isNew = ({ id }) => !memory.played.includes(id) && !memory.waiting.some((call) => call.id === id);

function note(call) {
  if (serverNow() - Date.parse(call.at) > TOO_OLD_MS) memory.played.push(call.id);
  else memory.waiting.push(call);
}

/** Whoever was put back in line before the turn of the call must not be sent to the room. A full board may have dropped it. */
function stillStands(call) {
  const board = boards.get(call.service);
  return !board || board.calls.length >= FULL_BOARD || board.calls.some(({ id }) => id.split("-")[0] === call.id.split("-")[0]);
}

function playNext() {
  if (playing) return;
  const call = memory.waiting.shift();
  if (!call) return;
  memory.played.push(call.id);
  keep();
  if (!stillStands(call)) return playNext();
  playing = true;
  show(call);
  setTimeout(() => {
    playing = false;
    playNext();
  }, SHOWN_MS);
}

/* --- The picture ------------------------------------------------------------------------------------------ */

let current = null;
let calming;

function show(call) {
  current = call;
  chime();
  draw();
  const now = part("now");
  now.dataset.state = "calling";
  now.classList.remove("arriving");
  void now.offsetWidth; // so that the same call twice moves twice
  now.classList.add("arriving");
  clearTimeout(calming);
  calming = setTimeout(() => (now.dataset.state = "called"), Math.max(LOUD_MS, SHOWN_MS));
  live.send({ type: "shown", call: call.id, service: call.service });
}

function draw() {
  current ??= allCalls().find(({ id }) => memory.played.includes(id)) ?? null;
  drawNow();
  fill(part("before"), listed(), "call-template", fillCall);
  fill(part("next"), soon(), "code-template", (item, code) => (item.textContent = code));
  fill(part("waits"), [...boards.values()].sort(inOrder), "wait-template", fillWait);
  part("before-block").hidden = !part("before").children.length;
  part("next-block").hidden = !part("next").children.length;
}

function drawNow() {
  const now = part("now");
  if (!current) return;
  if (now.dataset.state === "idle") now.dataset.state = "called";
  part("code").textContent = current.code;
  part("code").style.setProperty("--letters", current.code.length);
  part("room").textContent = current.room;
  part("where").classList.toggle("long", current.room.length > LONG_ROOM);
  part("name").textContent = current.name ?? "";
  part("name").hidden = !current.name;
}

/** One line for each ticket: the latest call that was played and is not the one on the big card. */
function listed() {
  const seen = new Set([current?.code]);
  return allCalls()
    .filter(({ id, code }) => memory.played.includes(id) && !seen.has(code) && seen.add(code))
    .slice(0, LISTED);
}

/** The first of each line, then the second of each: lines have no order among each other. */
function soon() {
  const lines = [...boards.values()].sort(inOrder).map((board) => board.waiting);
  const rounds = Math.max(0, ...lines.map((line) => line.length));
  return Array.from({ length: rounds }, (_, round) => lines.map((line) => line[round]))
    .flat()
    .filter(Boolean)
    .slice(0, NEXT);
}

const inOrder = (a, b) => services.indexOf(a.service.id) - services.indexOf(b.service.id);

function fillCall(item, call) {
  item.querySelector(".code").textContent = call.code;
  item.querySelector(".where").textContent = call.room;
}

function fillWait(item, board) {
  item.querySelector(".service").textContent = board.service.name;
  item.querySelector("b").textContent = board.open_rooms && board.estimate ? `${board.estimate.low}–${board.estimate.high} ${page.minutes}` : "–";
}

function fill(list, values, template, write) {
  const items = values.map((value) => {
    const item = part(template).content.firstElementChild.cloneNode(true);
    write(item, value);
    return item;
  });
  list.replaceChildren(...items);
}

/* --- Sound: two soft notes, if the browser lets them be heard ---------------------------------------------- */

let audio;

function chime() {
  try {
    audio ??= new AudioContext();
    if (audio.state !== "running") {
      audio.resume().catch(() => {});
      return;
    }
    tone(659, 0);
    tone(523, 0.28);
  } catch {
    audio = undefined;
  }
}

function tone(frequency, after) {
  const start = audio.currentTime + after;
  const sound = new OscillatorNode(audio, { frequency });
  const volume = new GainNode(audio, { gain: 0 });
  volume.gain.linearRampToValueAtTime(0.25, start + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, start + 0.9);
  sound.connect(volume).connect(audio.destination);
  sound.start(start);
  sound.stop(start + 1);
}

const audioState = () => ({ running: "ok", undefined: "none" })[audio?.state] ?? "blocked";

/* --- Honest about itself ---------------------------------------------------------------------------------- */

function showState({ name, since, heard }) {
  const strip = part("strip");
  const stale = name === "stale" || name === "refused";
  const outdated = name === "refused" || (name === "stale" && Date.now() - heard > NOT_UP_TO_DATE_MS);
  document.body.dataset.live = outdated ? "outdated" : name;
  strip.hidden = !stale;
  const words = outdated ? page.outdated : stale ? `${page.notLive} ${clock(new Date(since.getTime() + ahead))}` : "";
  if (strip.textContent !== words) strip.textContent = words; // said once, not every second
}

function meet({ at, build }) {
  ahead = Date.parse(at) - Date.now();
  tell();
  if (build !== page.build) reloadSoon();
}

/** A new build is taken at a quiet moment, not by all screens at once, and never in a circle. */
function reloadSoon() {
  const reloaded = Number(sessionStorage.getItem("reloaded") ?? 0);
  if (Date.now() - reloaded < 10 * 60_000) return;
  setTimeout(() => {
    if (playing || memory.waiting.length) return reloadSoon();
    sessionStorage.setItem("reloaded", Date.now());
    location.reload();
  }, Math.random() * 60_000);
}

function tell() {
  part("clock").textContent = clock(new Date(serverNow()));
}

/* --- Start ------------------------------------------------------------------------------------------------ */

const live = new Live({
  path: `/ws/display/${page.display}/`,
  services,
  onBoard: takeBoard,
  onState: showState,
  onHello: meet,
});

memory.waiting = memory.waiting.filter(({ at }) => Date.now() - Date.parse(at) < 10 * TOO_OLD_MS);
live.start();
playNext();
setInterval(tell, 1_000);
setInterval(() => live.send({ type: "beat", visible: !document.hidden, audio: audioState() }), BEAT_MS);
