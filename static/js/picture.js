/** Draws the wall from the boards, the call of the moment and the calls that were played. */
import { fill, words } from "./words.js";

const page = document.body.dataset;
/** Letters of a room's name that fit in its largest size, and on a standing screen in the next one. */
const LONG_ROOM = 16;
const LONGEST_ROOM = 28;
const NEXT = 12;

const services = page.services.split(" ").filter(Boolean).map(Number);
const part = (name) => document.getElementById(name);
const inOrder = (a, b) => services.indexOf(a.service.id) - services.indexOf(b.service.id);

/**
 * @param {object[]} boards
 * @param {object|null} current the call on the big card
 * @param {object[]} before calls that were played, the latest first
 */
export function draw(boards, current, before) {
  boards = [...boards].sort(inOrder);
  drawNow(current);
  list(part("before"), listed(before, current), "call-template", drawCall);
  list(part("next"), soon(boards), "code-template", (item, code) => (item.textContent = code));
  list(part("waits"), boards, "wait-template", drawWait);
  part("before-block").hidden = !part("before").children.length;
  part("next-block").hidden = !part("next").children.length;
}

function drawNow(current) {
  const now = part("now");
  if (!current) {
    now.dataset.state = "idle";
    return;
  }
  if (now.dataset.state === "idle") now.dataset.state = "called";
  part("code").textContent = current.code;
  part("code").dataset.letters = current.code.length;
  part("room").textContent = current.room;
  part("where").classList.toggle("long", current.room.length > LONG_ROOM);
  part("where").classList.toggle("longest", current.room.length > LONGEST_ROOM);
  part("name").textContent = current.name ?? "";
  part("name").hidden = !current.name;
}

/** One line for each ticket, but not for the one on the big card. */
function listed(calls, current) {
  const seen = new Set([current?.code]);
  return calls.filter(({ code }) => !seen.has(code) && seen.add(code)).slice(0, Number(page.rows));
}

/** The first of each line, then the second of each: lines have no order among each other. */
function soon(boards) {
  const lines = boards.map((board) => board.waiting);
  const rounds = Math.max(0, ...lines.map((line) => line.length));
  return Array.from({ length: rounds }, (_, round) => lines.map((line) => line[round]))
    .flat()
    .filter(Boolean)
    .slice(0, NEXT);
}

function drawCall(item, call) {
  item.querySelector(".code").textContent = call.code;
  item.querySelector(".where").textContent = call.room;
}

function drawWait(item, board) {
  item.querySelector(".service").textContent = board.service.name;
  item.querySelector("b").textContent = board.open_rooms && board.estimate ? fill(words().wait, board.estimate) : "–";
}

function list(element, values, template, write) {
  const items = values.map((value) => {
    const item = part(template).content.firstElementChild.cloneNode(true);
    write(item, value);
    return item;
  });
  element.replaceChildren(...items);
}

/** Two slow pulses, which begin anew with each call. */
export function arrive() {
  const now = part("now");
  now.dataset.state = "calling";
  now.classList.remove("arriving");
  void now.offsetWidth; // so that the same call twice moves twice
  now.classList.add("arriving");
}

export function calm() {
  if (part("now").dataset.state === "calling") part("now").dataset.state = "called";
}
