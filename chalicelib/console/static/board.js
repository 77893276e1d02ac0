// The wallboard: asked for every three seconds while it is seen; times go on in between.

import { drawAnew, duration, element, table, withChildren } from "./draw.js";
import { fetched } from "./session.js";

const AGAIN_MILLISECONDS = 3000, TICK_MILLISECONDS = 1000;

let known = null, etag = "", ahead = 0, asking = false, opened = 0;

// Draws into `view` until the function that it returns is called; `fail` gets what goes wrong.
export function open(view, fail) {
  opened += 1;
  asking = false;
  const poll = () => {
    if (document.visibilityState === "visible" && !asking) ask(view, fail);
  };
  const timers = [setInterval(poll, AGAIN_MILLISECONDS), setInterval(() => tick(view), TICK_MILLISECONDS)];
  document.addEventListener("visibilitychange", poll);
  known = null;
  etag = "";
  poll();
  return () => {
    timers.forEach(clearInterval);
    document.removeEventListener("visibilitychange", poll);
    opened += 1;
  };
}

// An answer that comes when another view is open is nobody's.
async function ask(view, fail) {
  const mine = opened;
  asking = true;
  try {
    const answer = await fetched("board", etag);
    if (mine !== opened) return;
    ahead = answer.now - Date.now() / 1000;
    etag = answer.etag;
    fail(null);
    if (answer.data) {
      known = answer.data;
      draw(view);
    }
  } catch (error) {
    if (mine === opened) fail(error);
  } finally {
    if (mine === opened) asking = false;
  }
}

function now() {
  return Date.now() / 1000 + ahead;
}

function draw(view) {
  const parts = [
    withChildren("dl", tiles(known), { id: "tiles" }),
    table("Callers who wait", ["waits", "line", "queue", "caller"], known.waiting.map((one) => [since(one.since), one.line, one.queue, one.caller])),
    table("Workers", ["worker", "activity", "since", "in a talk"], known.workers.map(workerRow)),
    table("Talks", ["for", "worker", "line", "queue"], known.talking.map((one) => [since(one.since), one.worker, one.line, one.queue])),
  ];
  drawAnew(view, [element("h2", "Wallboard", { class: "hidden" }), ...parts]);
}

function workerRow(worker) {
  const talk = known.talking.find((one) => one.worker === worker.name);
  return [worker.name, withChildren("span", [element("span", worker.available ? "●" : "○", { "aria-hidden": "true" }), ` ${worker.activity}`]), since(worker.since), talk ? since(talk.since) : ""];
}

// Each number with its word; red, with a word for it, beyond the team's limit.
function tiles(board) {
  const { limits, today } = board;
  const available = board.workers.filter((one) => one.available).length;
  const longest = board.waiting.length ? now() - board.waiting[0].since : 0;
  const level = today.service_level;
  return [
    tile("waiting", board.waiting.length, limits.callers_waiting && board.waiting.length > limits.callers_waiting),
    tile("longest wait now", board.waiting.length ? since(board.waiting[0].since) : "–", limits.longest_wait && longest > limits.longest_wait, "longest"),
    tile("in a talk", board.talking.length),
    tile("workers who take calls", available, limits.workers_available && available < limits.workers_available),
    tile("answered today", today.answered ?? "–"),
    tile("abandoned today", today.abandoned ?? "–", limits.abandoned && today.abandoned > limits.abandoned),
    tile("in time today", level == null ? "–" : `${Math.round(level)} %`, limits.service_level && level != null && level < limits.service_level),
    tile("longest wait today", today.longest_wait == null ? "–" : duration(today.longest_wait)),
    tile("messages open", today.messages ?? "–"),
    tile("callbacks open", today.callbacks ?? "–"),
  ];
}

function tile(word, value, isBeyond = false, id = "") {
  const number = value instanceof Node ? withChildren("dd", [value]) : element("dd", String(value));
  if (isBeyond) number.append(element("span", " beyond the limit", { class: "hidden" }));
  const made = withChildren("div", [element("dt", word), number], isBeyond ? { class: "beyond" } : {});
  if (id) made.dataset.tile = id;
  return made;
}

function since(at) {
  return element("time", duration(now() - at), { "data-since": String(at) });
}

// Only the times change; what is red by the clock gets red by it.
function tick(view) {
  if (!known) return;
  for (const time of view.querySelectorAll("[data-since]")) time.textContent = duration(now() - Number(time.dataset.since));
  const limit = known.limits.longest_wait, first = known.waiting[0];
  const isBeyond = Boolean(first && limit && now() - first.since > limit);
  if (view.querySelector("[data-tile=longest]")?.classList.contains("beyond") !== isBeyond) draw(view);
}
