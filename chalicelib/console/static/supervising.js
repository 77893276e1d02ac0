// What supervisors see beside their own calls: talks at the desks, to listen to, to coach in, or to join.

import { button } from "./acting.js";
import { element, table, withChildren } from "./draw.js";
import { fetched, ordered } from "./session.js";

const WAYS = { Listen: "listen", Coach: "coach", Join: "join" };
let etag = "";

// Draws the talks into `view`, where they are others than before; what goes wrong `fail` is told.
export async function refresh(view, fail) {
  const answer = await fetched("talks", etag);
  etag = answer.etag;
  if (answer.data) view.replaceChildren(drawn(answer.data.talks, fail));
}

function drawn(talks, fail) {
  const rows = talks.map((talk) => [talk.worker, talk.queue, talk.caller, new Date(talk.since * 1000).toLocaleTimeString(), ways(talk, fail)]);
  return table("Talks", ["worker", "queue", "caller", "since", "to do"], rows, "Nobody talks.");
}

function ways(talk, fail) {
  const said = element("span", "", { role: "status" });
  const press = (way) => async () => {
    try {
      said.textContent = (await ordered(`talks/${talk.call_sid}/${talk.reservation_sid}`, { way })).said;
    } catch (error) {
      fail(error);
    }
  };
  return withChildren("span", [...Object.entries(WAYS).map(([word, way]) => button(word, talk.worker, press(way))), said]);
}
