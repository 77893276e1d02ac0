// Calls: those of a day, and one call's story as a timeline; the same data as `./cordboard calls`.

import { listen } from "./acting.js";
import { duration, element, field, table, withChildren } from "./draw.js";
import { fetched, ordered } from "./session.js";

export function open(view, fail) {
  const today = new Date().toLocaleDateString("sv");
  const missed = element("input", "", { id: "missed", name: "missed", type: "checkbox", value: "yes" });
  const fields = [
    ...field("day", "Day", { type: "date", value: today, required: "" }),
    ...field("line", "Line"),
    ...field("worker", "Worker"),
    ...field("number", "Last digits of the number", { inputmode: "numeric" }),
    missed,
    element("label", "Missed alone", { for: "missed" }),
    element("button", "Search", { type: "submit" }),
  ];
  const form = withChildren("form", fields), found = element("div", "", { "aria-live": "polite" });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    search(new URLSearchParams(new FormData(form)), found, fail);
  });
  view.replaceChildren(element("h2", "Calls"), form, found);
  return () => {};
}

async function search(query, found, fail) {
  try {
    const { data } = await fetched(`calls?${query}`);
    fail(null);
    const rows = data.calls.map((one) => [story(one, found, fail), one.line, one.caller, String(one.waited_seconds), one.ended, one.worker, one.tried]);
    const shown = table("Calls", ["time", "line", "caller", "waited, s", "ended", "worker", "tried"], rows, "There is no such call.");
    found.replaceChildren(...(data.more ? [element("p", `These are the latest ${data.calls.length}.`)] : []), shown);
  } catch (error) {
    fail(error);
  }
}

// The time of a call is the way to its story.
function story(call, found, fail) {
  const made = element("button", new Date(call.at).toLocaleTimeString(), { type: "button" });
  made.addEventListener("click", () => show(call.call_sid, found, fail));
  return made;
}

async function show(subject, found, fail) {
  try {
    const { data } = await fetched(`calls/${encodeURIComponent(subject)}`);
    fail(null);
    const began = data.moments.length ? data.moments[0].at : 0;
    const heading = element("h2", `Call ${data.call_sid}`, { tabindex: "-1" });
    const known = withChildren("ul", data.known.map((line) => element("li", line.trim())));
    const parts = [timeline(data.moments, began), ...places(data.places), sounds(data, fail), blocking(data.call_sid, fail)];
    found.replaceChildren(heading, known, ...parts);
    heading.focus();
  } catch (error) {
    fail(error);
  }
}

// The answer to this order, or null where it failed, which `fail` is told.
async function done(place, order, fail) {
  try {
    const answer = await ordered(place, order);
    fail(null);
    return answer;
  } catch (error) {
    fail(error);
    return null;
  }
}

// Twilio's and AWS's own pages about the call, each in a tab of its own; whose console it is asks who looks.
function places(data) {
  const links = data.map((one) => withChildren("li", [element("a", one.what, { href: one.url, target: "_blank", rel: "noreferrer" })]));
  return links.length ? [withChildren("section", [element("h2", "Elsewhere"), withChildren("ul", links)])] : [];
}

// The caller's messages, and recorded talks.
function sounds(data, fail) {
  const rows = data.sounds.map((one) => {
    const when = new Date(one.at * 1000).toLocaleTimeString(), place = `${one.kind}s/${data.call_sid}/${one.recording_sid}`;
    const does = listen(`${one.kind}, ${when}`, () => done(place, { did: "hear" }, fail));
    return [when, one.kind, one.seconds < 0 ? "" : duration(one.seconds), withChildren("span", does)];
  });
  return table("Recordings", ["at", "what", "lasts", "to do"], rows, "Nothing was recorded.");
}

// Blocks whoever called, whose number is not shown.
function blocking(callSid, fail) {
  const said = element("span", "", { role: "status" }), why = element("input", "", { "aria-label": "Why this caller is blocked", maxlength: "200" });
  const block = element("button", "Block this caller", { type: "button" });
  block.addEventListener("click", async () => {
    const answer = await done("blocks", { did: "block", call_sid: callSid, reason: why.value }, fail);
    if (answer) said.textContent = answer.said;
  });
  return withChildren("p", [why, block, said]);
}

// A lane for the caller's leg and one for each worker's, in the order in which they come in.
function timeline(moments, began) {
  const lanes = [...new Set(["", ...moments.map((one) => one.who)])];
  const rows = moments.map((one) => [`${(one.at - began).toFixed(1)} s`, ...lanes.map((lane) => (lane === one.who ? one.what : ""))]);
  return table("What happened", ["after", ...lanes.map((lane) => lane || "caller")], rows, "Nothing is known.");
}
