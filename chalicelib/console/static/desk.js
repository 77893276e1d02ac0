// The agent desk: TaskRouter's own library says what happens, and our application when a caller may be taken.

import { Card } from "./card.js";
import { element } from "./draw.js";
import { library } from "./library.js";
import { Order } from "./order.js";
import { Phone } from "./phone.js";
import * as supervising from "./supervising.js";
import { SignedOut, begin, comeBack, end, isSignedIn, ordered } from "./session.js";

const PHONE_MILLISECONDS = 5000; // it takes one; whoever cannot be rung by then is kept away until they can
const RENEW_BEFORE_SECONDS = 600, LOOK_MILLISECONDS = 5000, ONE_DESK = "cordboard-desk";
const [view, notice, who, talks, activity, activityOf, signIn, signOut] = ["view", "notice", "who", "talks", "activity", "activity-of", "sign-in", "sign-out"].map((id) => document.getElementById(id));

const NO_PHONE = "The phone in this browser is not connected. You are offered no callers until it is.";

const cards = new Map();
const shown = element("div"), ringing = element("p");
const phone = new Phone(drawPhone);
let worker = null, retiring = null, leftFor = "", given = null, isBusy = false, isOpen = false;

const desk = {
  fail: tell,
  expect: (isExpected) => phone.expect(isExpected),
  done: (card) => remove(card),
  canBeRung,
  mute: (reservation, isMuted) => (isBrowserPhone() ? phone.mute(isMuted) : reservation.updateParticipant({ mute: isMuted })),
};

// Whether the worker's phone is this page.
function isBrowserPhone() {
  return worker?.attributes.contact_uri === `client:${given.identity}`;
}

function canBeRung() {
  return !isBrowserPhone() || phone.canBeRung;
}

function tell(error) {
  if (error instanceof SignedOut) stop();
  const text = error === null ? "" : error instanceof SignedOut ? "You are signed out." : error instanceof TypeError ? "The connection is lost; it is tried again." : (error.message ?? String(error));
  if (notice.textContent !== text) notice.textContent = text;
}

// One tab alone is the desk: two would both ring. Another one may take over, and this one says so.
async function open(steal) {
  if (!isSignedIn()) return stop();
  signIn.hidden = true;
  signOut.hidden = false;
  try {
    await navigator.locks.request(ONE_DESK, steal ? { steal: true } : { ifAvailable: true }, async (lock) => {
      if (lock === null) return elsewhere("The desk is open in another tab.");
      await run();
      return new Promise(() => {}); // kept until the tab is closed
    });
  } catch (error) {
    if (error.name !== "AbortError") return tell(error);
    clear();
    elsewhere("The desk was opened in another tab.");
  }
}

function elsewhere(why) {
  const here = element("button", "Use it here", { type: "button" });
  here.addEventListener("click", () => open(true));
  view.replaceChildren(element("p", why), here);
}

async function run() {
  view.replaceChildren(ringing, shown);
  shown.replaceChildren(element("p", "One moment."));
  isOpen = true;
  await connect();
}

// When it ends is counted from now: the clock of this machine may be wrong.
async function token() {
  const got = await ordered("token", {});
  return { ...got, endsAt: Date.now() + got.seconds * 1000 };
}

async function connect() {
  if (isBusy) return;
  isBusy = true;
  try {
    given = await token();
    who.textContent = given.worker;
    talks.hidden = !given.supervises;
    await library("taskrouter.js");
    retiring ??= worker;
    listen(new TaskRouter.Worker(given.token, { ebServer: given.bridge, wsServer: given.bridge_socket }));
  } catch (error) {
    tell(error);
    if (given === null) shown.replaceChildren(element("p", "You are not connected."));
  } finally {
    isBusy = false;
  }
}

function listen(made) {
  worker = made;
  const mine = (act) => (...said) => worker === made && act(...said);
  made.on("ready", mine(ready));
  made.on("reservationCreated", mine(add));
  made.on("activityUpdated", mine(drawActivity));
  made.on("disconnected", mine(() => tell(new Error("The connection to Twilio is lost; it is tried again."))));
  made.on("tokenExpired", mine(connect));
  made.on("error", mine(tell));
}

// After each connection everything is drawn again: what happened meanwhile was announced to nobody.
async function ready() {
  tell(null);
  // Only now: Twilio sets a worker offline who has no connection at all.
  retiring?.disconnect();
  retiring = null;
  await registerPhone();
  drawActivity();
  const standing = worker.reservations;
  for (const [sid, card] of cards) if (!standing.has(sid)) remove(card);
  for (const reservation of standing.values()) {
    if (cards.has(reservation.sid)) cards.get(reservation.sid).bind(reservation);
    else add(reservation);
  }
  drawCards();
}

// First of all: whoever is available without a phone is sent callers who reach nobody.
async function registerPhone() {
  if (!isBrowserPhone() || phone.isOn) return;
  const begun = phone.begin(given).catch(tell);
  await Promise.race([begun, new Promise((done) => setTimeout(done, PHONE_MILLISECONDS))]);
  await keepAway();
}

// Who cannot be rung is offered nobody: callers would ring into nothing, and the worker would be moved for that. Once the
// phone is there again, they are where they were.
async function keepAway() {
  const find = (name) => [...worker.activities.values()].find((one) => one.name === name);
  try {
    if (!canBeRung() && worker.activity.available) {
      leftFor = worker.activity.name;
      await (find("Offline") ?? [...worker.activities.values()].find((one) => !one.available))?.setAsCurrent();
      tell(new Error(NO_PHONE));
    } else if (canBeRung() && leftFor && !worker.activity.available) {
      const back = find(leftFor);
      leftFor = "";
      await back?.setAsCurrent();
      tell(null);
    }
  } catch (error) {
    tell(error);
  }
}

function add(reservation) {
  const card = reservation.task.attributes.call_sid ? new Card(reservation, desk) : new Order(reservation, desk);
  cards.set(reservation.sid, card);
  drawCards();
}

function remove(card) {
  card.close();
  for (const [sid, one] of cards) if (one === card) cards.delete(sid);
  drawCards();
}

function drawCards() {
  shown.replaceChildren(...(cards.size ? [...cards.values()].map((card) => card.element) : [element("p", "Nobody is offered to you.")]));
}

function drawActivity() {
  const names = [...worker.activities.values()].map((one) => one.name);
  activity.replaceChildren(...names.map((name) => element("option", name)));
  activity.value = worker.activity.name;
  activityOf.hidden = false;
}

function drawPhone(error) {
  if (error) tell(error);
  if (phone.isOn && worker !== null) keepAway();
  for (const card of cards.values()) card.redraw();
  const answer = element("button", "Answer", { type: "button" }), hangUp = element("button", "Hang up", { type: "button" });
  answer.addEventListener("click", () => phone.answer());
  hangUp.addEventListener("click", () => phone.hangUp());
  const buttons = { none: [], ringing: [answer], talking: [hangUp] }[phone.state];
  ringing.replaceChildren(...buttons);
}

// Before the token ends there is a new one, and with it a new connection: Twilio may close the old one at its end, and who
// has none is set offline; one that has ended while the laptop slept opens nothing, and all begins anew.
async function look() {
  if (!isOpen || isBusy) return;
  if (given?.supervises && document.visibilityState === "visible") supervising.refresh(talks, tell).catch(tell);
  if (worker !== null && retiring === null) registerPhone();
  const left = worker === null ? 0 : (given.endsAt - Date.now()) / 1000;
  if (left <= 0) return connect();
  if (left > RENEW_BEFORE_SECONDS) return;
  isBusy = true;
  try {
    given = await token();
    phone.renew(given.token);
    retiring ??= worker;
    listen(new TaskRouter.Worker(given.token, { ebServer: given.bridge, wsServer: given.bridge_socket }));
  } catch (error) {
    tell(error);
  } finally {
    isBusy = false;
  }
}

function disconnect() {
  for (const one of [retiring, worker]) one?.disconnect();
  retiring = worker = null;
}

function clear() {
  isOpen = false;
  disconnect();
  phone.end();
  for (const card of cards.values()) card.close();
  cards.clear();
}

function stop() {
  clear();
  signIn.hidden = false;
  signOut.hidden = activityOf.hidden = talks.hidden = true;
  talks.replaceChildren();
  view.replaceChildren(element("p", "Sign in to take calls."));
}

activity.addEventListener("change", async () => {
  const chosen = [...worker.activities.values()].find((one) => one.name === activity.value);
  try {
    leftFor = "";
    if (chosen.available && !canBeRung()) throw new Error(NO_PHONE);
    await chosen.setAsCurrent();
    tell(null);
  } catch (error) {
    tell(error);
    drawActivity();
  }
});
// The library throws where a message of Twilio's lacks something: whoever was announced by it would be seen by nobody.
addEventListener("error", (event) => {
  event.preventDefault();
  tell(new Error("A message of Twilio's could not be read. Everything is drawn again."));
  if (isOpen) connect();
});
setInterval(look, LOOK_MILLISECONDS);
document.addEventListener("visibilitychange", look);
addEventListener("online", look);
signIn.addEventListener("click", begin);
signOut.addEventListener("click", () => {
  stop();
  end();
});
try {
  await comeBack();
} catch (error) {
  tell(error);
}
open(false);
