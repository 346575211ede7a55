/** The test pattern: measures the contrast that is really there, and lets the sound be heard. */
import { Sound } from "./sound.js";

const sample = { code: "A-014", room: "1" };

function luminance(colour) {
  const parts = colour.match(/[\d.]+/g).slice(0, 3).map((part) => part / 255);
  const [red, green, blue] = parts.map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast({ color, backgroundColor }) {
  const [dark, light] = [color, backgroundColor].map(luminance).sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

for (const swatch of document.querySelectorAll(".swatch")) swatch.textContent = `${contrast(getComputedStyle(swatch)).toFixed(1)} : 1`;

const heard = document.getElementById("heard");
const words = JSON.parse(document.getElementById("sound").textContent);
const sound = new Sound(document.body.dataset.sound, (state) => (heard.textContent = words[state]));

sound.tell();
document.getElementById("ring").addEventListener("click", async () => {
  await sound.unlock();
  await sound.announce(sample);
});
