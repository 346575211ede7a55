/**
 * A chime, then the call in each language. Nothing here throws, and nothing keeps the picture waiting for long.
 *
 * Pieces that the clinic has rendered (`manage.py renderspeech`) go before the voices of the browser, and of these only
 * those of this machine do: a voice elsewhere would be told who is called.
 */
import { fill, languages, spelled } from "./words.js";

const CHIME_MS = 1_300;
const PAUSE_MS = 300;
/** Whatever hangs, the next call is not kept waiting longer. */
const PATIENCE_MS = 20_000;

const clips = JSON.parse(document.getElementById("clips").textContent);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export class Sound {
  /**
   * @param {"speech"|"chime"|"silent"} kind
   * @param {(state: string) => void} onState "ok", "blocked" until somebody touches the screen, "no-voice" when a
   *   language can only be chimed, "silent" when it shall be, "none" where there is no sound
   */
  constructor(kind, onState = () => {}) {
    Object.assign(this, { kind, onState, refused: false, buffers: new Map() });
    if (kind === "silent") return;
    try {
      this.audio = new AudioContext();
      this.audio.addEventListener("statechange", () => this.tell());
      globalThis.speechSynthesis?.addEventListener("voiceschanged", () => this.tell());
    } catch {
      this.audio = undefined;
    }
  }

  get state() {
    if (this.kind === "silent") return "silent";
    if (!this.audio) return "none";
    if (this.audio.state !== "running" || this.refused) return "blocked";
    return this.kind === "speech" && !languages.every((said) => clips[said.lang] || voiceFor(said.lang)) ? "no-voice" : "ok";
  }

  tell() {
    if (this.state === this.told) return;
    this.told = this.state;
    this.onState(this.told);
  }

  /** Somebody touched the screen, and browsers now let sound be heard. */
  async unlock() {
    this.refused = false;
    await this.audio?.resume().catch(() => {});
    this.tell();
  }

  /** Resolves when the call has been heard, or cannot be. */
  async announce(call) {
    await Promise.race([this.play(call).catch(() => {}), pause(PATIENCE_MS)]);
    this.tell();
  }

  async play(call) {
    if (!this.audio) return;
    if (this.audio.state !== "running") this.audio.resume().catch(() => {}); // browsers that were told to let it
    if (this.audio.state !== "running") return;
    chime(this.audio);
    await pause(CHIME_MS + PAUSE_MS);
    if (this.kind !== "speech") return;
    for (const said of languages) await this.say(said, call);
  }

  async say(said, call) {
    const names = pieces(said.say, call).map((text) => clips[said.lang]?.[text]);
    if (names.every(Boolean)) {
      for (const name of names) await this.playClip(name);
      return;
    }
    const voice = voiceFor(said.lang);
    if (voice) await this.speak(fill(said.say, { code: spelled(call.code).join(" "), room: call.room }), voice);
  }

  async playClip(name) {
    const source = new AudioBufferSourceNode(this.audio, { buffer: await this.load(name) });
    source.connect(this.audio.destination);
    source.start();
    await new Promise((done) => source.addEventListener("ended", done));
  }

  async load(name) {
    if (!this.buffers.has(name)) {
      const answer = await fetch(`/speech/${name}.wav`);
      if (!answer.ok) throw new Error(`speech ${name}: ${answer.status}`);
      this.buffers.set(name, await this.audio.decodeAudioData(await answer.arrayBuffer()));
    }
    return this.buffers.get(name);
  }

  speak(text, voice) {
    const words = new SpeechSynthesisUtterance(text);
    Object.assign(words, { voice, lang: voice.lang, rate: 0.9 });
    return new Promise((done) => {
      words.addEventListener("end", done);
      words.addEventListener("error", ({ error }) => {
        this.refused ||= error === "not-allowed";
        done();
      });
      speechSynthesis.speak(words);
    });
  }
}

/** "Ticket {code}, {room}" -> Ticket, A, 0, 1, 4, Room 2 */
function pieces(frame, call) {
  return frame
    .split(/(\{\w+\})/)
    .flatMap((piece) => ({ "{code}": spelled(call.code), "{room}": [call.room] })[piece] ?? [piece.replace(/^[ ,.،]+|[ ,.،]+$/g, "")])
    .filter(Boolean);
}

/** A voice of this machine for the language as it is spoken here, else as it is spoken anywhere. */
function voiceFor(lang) {
  const here = (globalThis.speechSynthesis?.getVoices() ?? []).filter(({ localService }) => localService);
  const as = (wanted) => here.find((voice) => voice.lang.toLowerCase().replace("_", "-").startsWith(wanted));
  return as(lang.toLowerCase()) ?? as(lang.split("-")[0].toLowerCase());
}

/** Two soft notes. */
function chime(audio) {
  note(audio, 659, 0);
  note(audio, 523, 0.28);
}

function note(audio, frequency, after) {
  const start = audio.currentTime + after;
  const sound = new OscillatorNode(audio, { frequency });
  const volume = new GainNode(audio, { gain: 0 });
  volume.gain.linearRampToValueAtTime(0.25, start + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, start + 0.9);
  sound.connect(volume).connect(audio.destination);
  sound.start(start);
  sound.stop(start + 1);
}
