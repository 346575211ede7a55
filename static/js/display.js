/**
 * The wall: plays every call once, in order, each for long enough to be read from the back of the room.
 *
 * What was played and what still is to be played outlive a reload (sessionStorage). Sound that fails never stops the picture.
 */
import { Live, clinicClock } from "./live.js";
import { arrive, calm, draw } from "./picture.js";
import { Sound } from "./sound.js";
import { drawState, isOpen, orbit, pairAgain, reloadSoon, takeBuild, watchFaults } from "./upkeep.js";
import { languages, nextLanguage } from "./words.js";

const page = document.body.dataset;
const SHOWN_MS = 8_000;
/** A call that arrives later than this is listed and not announced. */
const TOO_OLD_MS = 90_000;
/** So long a call may wait for its turn: longer only if the screen was asleep. */
const STILL_NEWS_MS = 10 * TOO_OLD_MS;
/** So long a call stays loud after it was announced, if no other comes. */
const LOUD_MS = 60_000;
/** Boards of one moment come one by one; the earliest of their calls is played first. */
const GATHER_MS = 150;
const BEAT_MS = 30_000;
const LANGUAGE_MS = 10_000;
const STILL_PAIRED_MS = 60_000;
const REMEMBERED = 300;
const FULL_BOARD = 30;

const services = page.services.split(" ").filter(Boolean).map(Number);
const clock = clinicClock(page.timeZone, "en");
const boards = new Map();
const memory = recall();
let playing = false;
let current = null;
let calming;
let ahead = Date.parse(page.now) - Date.now(); // the server's clock less this one's

const part = (name) => document.getElementById(name);
const serverNow = () => Date.now() + ahead;
const age = (call) => serverNow() - Date.parse(call.at);

/* --- Memory ----------------------------------------------------------------------------------------------- */

function recall() {
  const empty = { played: [], waiting: [], unsaid: [] };
  try {
    return { ...empty, ...JSON.parse(sessionStorage.getItem(page.display)) };
  } catch {
    return empty;
  }
}

function keep() {
  memory.played = memory.played.slice(-REMEMBERED);
  memory.unsaid = memory.unsaid.slice(-REMEMBERED);
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
  memory.waiting.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  keep();
  redraw();
  setTimeout(playNext, GATHER_MS);
}

const isNew = ({ id }) => !memory.played.includes(id) && !memory.waiting.some((call) => call.id === id);

function note(call) {
  if (age(call) > TOO_OLD_MS) memory.played.push(call.id);
  else memory.waiting.push(call);
}

/**
 * Whoever was put back in line, or called to another room, before the turn of the call must not be sent to this room.
 * A full board may have dropped the call.
 */
function stillStands(call) {
  const board = boards.get(call.service);
  if (!board || board.calls.length >= FULL_BOARD) return true;
  const ticket = ({ id }) => id.split("-")[0];
  return board.calls.some((other) => ticket(other) === ticket(call) && other.room === call.room);
}

async function playNext() {
  if (playing) return;
  const call = memory.waiting.shift();
  if (!call) return;
  memory.played.push(call.id);
  keep();
  if (age(call) > STILL_NEWS_MS || !stillStands(call)) {
    redraw();
    return playNext();
  }
  playing = true;
  show(call);
  await Promise.all([new Promise((done) => setTimeout(done, SHOWN_MS)), sound.announce(call)]);
  playing = false;
  playNext();
}

function show(call) {
  current = call;
  redraw();
  arrive();
  clearTimeout(calming);
  calming = setTimeout(calm, LOUD_MS);
  memory.unsaid.push({ type: "shown", call: call.id, service: call.service });
  report();
  tell();
}

/** A socket that is not open keeps nothing for later; this does. */
function report() {
  while (memory.unsaid.length && live.send(memory.unsaid[0])) memory.unsaid.shift();
  keep();
}

function redraw() {
  const played = allCalls().filter(({ id }) => memory.played.includes(id));
  if (current && !stillStands(current)) {
    current = null;
    calm();
  }
  current ??= played[0] ?? null;
  draw([...boards.values()], current, played);
}

/* --- Honest about itself ---------------------------------------------------------------------------------- */

let state;

function showState(now) {
  if (now.name === "refused" && state !== "refused") pairAgain();
  state = now.name;
  drawState(now, (date) => clock(new Date(date.getTime() + ahead)));
}

function meet({ at, build }) {
  ahead = Date.parse(at) - Date.now();
  tell();
  report();
  beat();
  if (build !== page.build) takeBuild(isBusy);
}

const isBusy = () => playing || memory.waiting.length > 0;

function tell() {
  const time = clock(new Date(serverNow()));
  if (part("clock").textContent !== time) part("clock").textContent = time;
  page.closed = isOpen(time) || part("now").dataset.state === "calling" ? "no" : "yes";
}

function beat() {
  live.send({ type: "beat", visible: !document.hidden, audio: sound.state, build: page.build });
}

/** Should the word of it be lost, a screen whose pairing was taken back finds out by itself. */
async function askWhetherPaired() {
  const answer = await fetch(page.sizes, { cache: "no-store" }).catch(() => null);
  if (answer?.status === 403) live.refuse(4401);
}

/* --- Start ------------------------------------------------------------------------------------------------ */

const sound = new Sound(page.sound, (now) => {
  part("unlock").hidden = now !== "blocked";
  beat();
});
const live = new Live({
  path: `/ws/display/${page.display}/`,
  services,
  onBoard: takeBoard,
  onState: showState,
  onHello: meet,
  onBye: () => reloadSoon(isBusy),
});

watchFaults((fault) => live.send({ type: "fault", fault }));
for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => sound.unlock());
live.start();
sound.tell();
playNext();
orbit();
setInterval(tell, 1_000);
setInterval(beat, BEAT_MS);
setInterval(askWhetherPaired, STILL_PAIRED_MS);
if (languages.length > 1)
  setInterval(() => {
    nextLanguage();
    redraw();
    showState(live.state);
  }, LANGUAGE_MS);
