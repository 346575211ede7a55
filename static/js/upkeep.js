/** A screen that hangs for months: it says when it is not to be trusted, and looks after itself. */
import { fill, words, write } from "./words.js";

const page = document.body.dataset;
const NOT_UP_TO_DATE_MS = 120_000;
const ORBIT_MS = 180_000;
const ORBIT_PX = 8;
const PAIR_AGAIN_MS = 10_000;
const RELOAD_MS = 10_000;
const RELOADS_AN_HOUR = 5;
const HOUR_MS = 3_600_000;
const BUILDS_APART_MS = 600_000;
const JITTER_MS = 60_000;

const part = (name) => document.getElementById(name);

/** The strip: nothing while live, since when it is not, or that nobody should wait for it. */
export function drawState({ name, since, heard }, clock) {
  const strip = part("strip");
  const stale = name === "stale" || name === "refused";
  const outdated = name === "refused" || (name === "stale" && Date.now() - heard > NOT_UP_TO_DATE_MS);
  document.body.dataset.live = outdated ? "outdated" : name;
  strip.hidden = !stale;
  if (name === "refused") write(strip, words().labels.unpaired);
  else if (outdated) write(strip, words().labels.outdated);
  else write(strip, stale ? fill(words().since, { time: clock(since) }) : "");
}

/** The server sends a screen that may not open its display to the page with the letters. */
export function pairAgain() {
  setTimeout(() => location.reload(), PAIR_AGAIN_MS);
}

/** Whether the clinic is open at this time of day, "10:42"; over midnight where it closes before it opens. */
export function isOpen(time, { opens, closes } = page) {
  if (!opens || !closes || opens === closes) return true;
  return opens < closes ? opens <= time && time < closes : time >= opens || time < closes;
}

/** Nothing stands on the same pixels for long. */
export function orbit() {
  setInterval(() => {
    const turn = Math.random() * 2 * Math.PI;
    const far = 1 + Math.random() * (ORBIT_PX - 1);
    document.body.style.setProperty("--shift-x", `${(far * Math.cos(turn)).toFixed(1)}px`);
    document.body.style.setProperty("--shift-y", `${(far * Math.sin(turn)).toFixed(1)}px`);
  }, ORBIT_MS);
}

/** Whatever goes wrong is reported, and the page begins anew; not for ever, so that it can be read why. */
export function watchFaults(report) {
  const handle = (error, place = "") => {
    report(`${error?.name ?? "Error"} ${place}`.trim());
    setTimeout(reloadIfSeldom, RELOAD_MS);
  };
  addEventListener("error", ({ error, filename, lineno }) => handle(error, `${filename?.split("/").pop()}:${lineno}`));
  addEventListener("unhandledrejection", ({ reason }) => handle(reason));
}

function reloadIfSeldom() {
  const recent = JSON.parse(sessionStorage.getItem("faults") ?? "[]").filter((at) => Date.now() - at < HOUR_MS);
  if (recent.length >= RELOADS_AN_HOUR) return;
  sessionStorage.setItem("faults", JSON.stringify([...recent, Date.now()]));
  location.reload();
}

/** A new build is taken once and never in a circle, and not by all screens at once. */
export function takeBuild(isBusy) {
  const taken = Number(sessionStorage.getItem("reloaded") ?? 0);
  if (Date.now() - taken < BUILDS_APART_MS) return;
  sessionStorage.setItem("reloaded", Date.now());
  reloadSoon(isBusy, JITTER_MS);
}

/** At a quiet moment: not while a call is shown or waits. */
export function reloadSoon(isBusy, within = 2_000) {
  const look = () => (isBusy() ? reloadSoon(isBusy, within) : location.reload());
  setTimeout(look, 500 + Math.random() * within);
}
