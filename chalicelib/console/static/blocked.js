// Callers who are blocked.

import * as acting from "./acting.js";
import { element, field, table, withChildren } from "./draw.js";
import { fetched } from "./session.js";

export function open(view, fail) {
  const read = async () => (await fetched("blocked")).data;
  return acting.open(view, "Blocked callers", read, draw, fail);
}

function draw(data, act) {
  if (!data.possible) return [element("p", "No line asks who calls, so nobody can be blocked: give one a table [lines.NAME.know_caller], and deploy.")];
  const shown = table("Blocked callers", ["number", "until", "by", "why", "to do"], data.blocked.map((one) => row(one, act)));
  return [form(act), shown];
}

function row(one, act) {
  const end = acting.button("Let in again", one.number, () => act("blocks", { did: "unblock", block: one.block }));
  return [one.number, new Date(one.until * 1000).toLocaleString(), one.by, one.reason, end];
}

function form(act) {
  const number = field("number", "Number", { type: "tel", required: "", placeholder: "+14155550100" });
  const days = field("days", "Days", { type: "number", min: "1", max: "365", value: "365" });
  const reason = field("reason", "Why", { maxlength: "200" });
  const made = withChildren("form", [...number, ...days, ...reason, element("button", "Block", { type: "submit" })]);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    act("blocks", { did: "block", ...Object.fromEntries(new FormData(made)) });
  });
  return made;
}
