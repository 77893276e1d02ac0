// Messages that nobody has seen to, and callbacks that are open.

import * as acting from "./acting.js";
import { duration, table, withChildren } from "./draw.js";
import { fetched } from "./session.js";

export function open(view, fail) {
  const read = async () => {
    const [messages, callbacks] = await Promise.all([fetched("messages"), fetched("callbacks")]);
    return { ...messages.data, ...callbacks.data };
  };
  return acting.open(view, "Messages and callbacks", read, draw, fail);
}

function draw(data, act) {
  const messages = data.messages.map((one) => messageRow(one, act)), callbacks = data.callbacks.map((one) => callbackRow(one, act));
  return [
    table("Messages", ["left", "line", "caller", "lasts", "text", "heard by", "to do"], messages, "Every message has been seen to."),
    table("Callbacks", ["asked for", "line", "number", "state", "attempts", "to do"], callbacks, "Nobody is to be called back."),
  ];
}

function messageRow(one, act) {
  const place = `messages/${one.call_sid}/${one.recording_sid}`, what = `the message of ${one.caller}, ${clock(one.at)}`;
  const does = [...acting.listen(what, () => act(place, { did: "hear" })), acting.button("Done", what, () => act(place, { did: "done" }))];
  if (one.may_call_back) does.push(acting.button("Call back", what, () => act(place, { did: "call back" })));
  return [clock(one.at), one.line, one.caller, one.seconds < 0 ? "" : duration(one.seconds), one.text, one.heard_by, withChildren("span", does)];
}

function callbackRow(one, act) {
  const withdraw = acting.button("Withdraw", `the callback to ${one.number}, ${clock(one.at)}`, () => act(`callbacks/${one.call_sid}`, { did: "withdraw" }));
  return [clock(one.at), one.line, one.number, one.state, String(one.attempts), withdraw];
}

function clock(at) {
  return new Date(at * 1000).toLocaleString();
}
