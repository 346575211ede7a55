/**
 * Owns one socket to the clinic and keeps boards fresh, whatever happens to it.
 *
 * Boards are whole values with a version. What is not newer than what is here is dropped, so nothing ever goes back; a
 * tick that tells of a newer one asks for it, so nothing stays lost. While no tick comes, boards are fetched instead.
 */

const TICK_LOST_MS = 15_000;
const POLL_MS = 5_000;
const LONGEST_WAIT_MS = 30_000;
const FIRST_WAIT_MS = 500;
/** Close codes that trying again does not change: not signed in, no such display. */
const REFUSED = [4401, 4404];

/** Full jitter: anything up to 0.5 s, 1 s, 2 s, ... 30 s, so that a clinic full of screens does not come back at once. */
export function reconnectDelay(attempt, random = Math.random) {
  return random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
}

export class Live {
  /**
   * @param {string} path of the socket, as in "/ws/desk/"
   * @param {Iterable<number>} services whose boards are fetched while there is no tick
   * @param {(board: object) => void} onBoard every board that is newer than the one before
   * @param {(state: {name: string, since: Date, heard: Date, code?: number}) => void} onState whenever it changes, and each
   *   second while not live: "connecting", "live", "stale" or "refused"; since when; when anything true was last heard
   * @param {() => void} onShown when a display says that it shows a call
   * @param {(hello: {at: string, build: string}) => void} onHello the server's clock and build, at each connection
   * @param {() => void} onBye the page that was loaded is no longer what the server would send
   */
  constructor({ path, services = [], onBoard, onState = () => {}, onShown = () => {}, onHello = () => {}, onBye = () => {} }) {
    Object.assign(this, { path, onBoard, onState, onShown, onHello, onBye });
    this.services = new Set(services);
    this.versions = new Map();
    this.attempt = 0;
    this.state = { name: "connecting", since: new Date(), heard: new Date() };
    this.lastTick = Date.now();
    this.lastPoll = 0;
  }

  start() {
    this.connect();
    this.watch = setInterval(() => this.look(), 1_000);
    addEventListener("online", () => this.reconnectNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.reconnectNow());
    this.onState(this.state);
    return this;
  }

  /** Says whether it was sent: a socket that is not open keeps nothing for later. */
  send(message) {
    const open = this.socket?.readyState === WebSocket.OPEN;
    if (open) this.socket.send(JSON.stringify(message));
    return open;
  }

  connect() {
    clearTimeout(this.retry);
    const address = new URL(this.path, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    this.socket = socket;
    socket.addEventListener("message", (event) => socket === this.socket && this.hear(event.data));
    socket.addEventListener("close", (event) => socket === this.socket && this.lost(event.code));
  }

  reconnectNow() {
    const settled = [WebSocket.CONNECTING, WebSocket.OPEN].includes(this.socket?.readyState);
    if (!settled && this.state.name !== "refused") this.connect();
  }

  /** Another connection, for whoever is to hear of another line. */
  again() {
    this.socket.close();
    this.connect();
  }

  lost(code) {
    if (this.state.name === "refused") return;
    if (REFUSED.includes(code)) return this.refuse(code);
    this.retry = setTimeout(() => this.connect(), reconnectDelay(this.attempt));
    this.attempt += 1;
  }

  /** Trying again would change nothing. */
  refuse(code) {
    clearInterval(this.watch);
    this.become("refused", code);
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.close();
  }

  hear(text) {
    const message = JSON.parse(text);
    if (message.type === "hello") this.onHello(message);
    if (message.type === "bye") this.onBye(message);
    if (message.type === "board") this.take(message.board);
    if (message.type === "shown") this.onShown(message);
    if (message.type === "changed") this.take({ ...message, service: { id: message.service } });
    if (message.type === "tick") this.tick(message.versions);
  }

  tick(versions) {
    this.lastTick = Date.now();
    this.attempt = 0;
    this.state.heard = new Date();
    for (const [service, version] of Object.entries(versions)) {
      const mine = this.services.has(Number(service)) || this.versions.has(Number(service));
      if (mine && version > this.version(service)) this.send({ type: "look", service: Number(service) });
    }
    this.become("live");
  }

  version(service) {
    return this.versions.get(Number(service)) ?? 0;
  }

  take(board) {
    if (board.version <= this.version(board.service.id)) return;
    this.versions.set(board.service.id, board.version);
    this.onBoard(board);
  }

  /** Once a second: has a tick been missed, is it time to fetch? */
  look() {
    if (Date.now() - this.lastTick <= TICK_LOST_MS) return;
    if (this.state.name !== "stale") this.become("stale", undefined, new Date(this.lastTick));
    else this.onState(this.state);
    if (Date.now() - this.lastPoll >= POLL_MS) this.poll();
  }

  async poll() {
    this.lastPoll = Date.now();
    const fetched = await Promise.allSettled([...this.services].map((service) => this.fetchBoard(service)));
    if (fetched.length && fetched.every(({ status }) => status === "fulfilled")) this.state.heard = new Date();
  }

  async fetchBoard(service) {
    const headers = { "If-None-Match": `"${this.version(service)}"` };
    const response = await fetch(`/boards/${service}.json`, { headers, cache: "no-store", signal: AbortSignal.timeout(POLL_MS) });
    if (response.status === 304) return;
    if (!response.ok) throw new Error(`board ${service}: ${response.status}`);
    this.take(await response.json());
  }

  become(name, code, since = new Date()) {
    if (this.state.name === name) return;
    this.state = { name, since, heard: this.state.heard, code };
    this.onState(this.state);
  }
}

/** Times of day as the clinic has them, wherever the screen's own clock and zone are. */
export function clinicClock(timeZone, language = document.documentElement.lang, finer = {}) {
  const format = new Intl.DateTimeFormat(language, {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    ...finer,
    numberingSystem: "latn", // the digits of codes and of the server, in every language
  });
  return (date) => format.format(date);
}
