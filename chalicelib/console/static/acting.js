// A view in which something can be done: what stands, a button for each thing, and what was said of it.

import { drawAnew, element } from "./draw.js";
import { ordered } from "./session.js";

// Draws what `read` fetches by `draw(data, act)` into `view`, and anew when something was done. `act(place, order)`
// resolves to the answer, or to null where that failed, which `fail` is told.
export function open(view, heading, read, draw, fail) {
  const said = element("p", "", { role: "status" }), found = element("div");
  view.replaceChildren(element("h2", heading), said, found);
  let isClosed = false;
  const refresh = async () => {
    try {
      const data = await read();
      fail(null);
      if (!isClosed) drawAnew(found, draw(data, act));
    } catch (error) {
      fail(error);
    }
  };
  const act = async (place, order) => {
    try {
      const answer = await ordered(place, order);
      fail(null);
      said.textContent = answer.said ?? "";
      if (answer.said) await refresh();
      return answer;
    } catch (error) {
      said.textContent = "";
      await refresh();
      fail(error);
      return null;
    }
  };
  refresh();
  return () => {
    isClosed = true;
  };
}

// `what` says for a screen reader which row it is of.
export function button(word, what, press) {
  const made = element("button", word, { type: "button", "aria-label": `${word}: ${what}` });
  made.addEventListener("click", async () => {
    made.disabled = true;
    await press();
    made.disabled = false;
  });
  return made;
}

// A button that has the sound played beside it; `hear` resolves to the answer with its URL, or to null where that failed.
export function listen(what, hear) {
  const player = element("span");
  const press = async () => {
    const answer = await hear();
    if (answer) player.replaceChildren(element("audio", "", { controls: "", autoplay: "", src: answer.sound, "aria-label": what }));
  };
  return [button("Listen", what, press), player];
}
