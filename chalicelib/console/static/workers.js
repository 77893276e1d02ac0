// Workers: in which activity each is, and put into another one.

import * as acting from "./acting.js";
import { element, table, withChildren } from "./draw.js";
import { fetched } from "./session.js";

export function open(view, fail) {
  const read = async () => (await fetched("workers")).data;
  return acting.open(view, "Workers", read, draw, fail);
}

function draw(data, act) {
  const rows = data.workers.map((one) => row(one, data.activities, act));
  return [table("Workers", ["worker", "activity", "takes calls", "since", "to do"], rows, "There is no worker.")];
}

function row(one, activities, act) {
  const choice = withChildren("select", activities.map((name) => element("option", name)), { "aria-label": `Activity: ${one.name}` });
  choice.value = one.activity;
  const move = acting.button("Move", one.name, () => act(`workers/${one.sid}`, { activity: choice.value, seen: one.activity }));
  return [one.name, one.activity, one.available ? "yes" : "no", one.since ? new Date(one.since * 1000).toLocaleString() : "", withChildren("span", [choice, move])];
}
