/** What the display says. The server prepared it in each language; here the language is chosen and the blanks are filled. */
const sets = JSON.parse(document.getElementById("words").textContent);
let turn = 0;

export const languages = sets;
export const words = () => sets[turn];

/** "Ticket {code}, {room}" and { code: "A 0 1 4", room: "Room 2" } -> "Ticket A 0 1 4, Room 2" */
export const fill = (frame, values) => frame.replace(/\{(\w+)\}/g, (_, name) => values[name]);

/** Letters and figures one by one, as they are spoken. */
export const spelled = (code) => code.match(/[\p{L}\p{N}]/gu) ?? [];

export function nextLanguage() {
  turn = (turn + 1) % sets.length;
  for (const element of document.querySelectorAll("[data-label]")) write(element, words().labels[element.dataset.label]);
}

/** Text in the language of the moment, which may run the other way. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text; // said once, not every second
  element.lang = words().lang;
  element.dir = words().dir;
}
