// Lines: whether each is open, and its switch.

import * as acting from "./acting.js";
import { element, table, withChildren } from "./draw.js";
import { fetched } from "./session.js";

const WORDS = { closed: "Close", open: "Open", file: "As in the file" };

export function open(view, fail) {
  const read = async () => (await fetched("lines")).data;
  return acting.open(view, "Lines", read, draw, fail);
}

function draw(data, act) {
  return [table("Lines", ["line", "stands", "until", "what callers hear", "to do"], data.lines.map((one) => row(one, act)), "There is no line.")];
}

function row(one, act) {
  if (!one.switch) return [one.line, one.stands, "", "", "It has no switch."];
  const until = element("input", "", { type: "time", "aria-label": `Until when: ${one.line}` });
  const say = element("input", "", { type: "text", maxlength: "500", "aria-label": `What callers hear: ${one.line}` });
  const press = (to) => act(`lines/${encodeURIComponent(one.line)}`, { to, until: until.value, say: to === "closed" ? say.value : "" });
  const does = Object.entries(WORDS).map(([to, word]) => acting.button(word, one.line, () => press(to)));
  return [one.line, one.stands, until, say, withChildren("span", does)];
}
