// One caller on the desk: what is known of them, and what can be done.

import { button } from "./acting.js";
import { facts, follow, ofCrm, wrapUpForm } from "./card_parts.js";
import { Consult } from "./consult.js";
import { drawAnew, element, withChildren } from "./draw.js";
import { fetched, ordered } from "./session.js";

const WHOM = /^(queue|person):/;
const SAID = {
  asking: "The CRM is asked. Wait a moment.",
  yes: "You can take the caller.",
  taken: "You are being connected.",
  phone: "Your phone rings.",
  talk: "You talk.",
  wrapping: "The talk is over. What became of it?",
  over: "This call is over.",
};

export class Card {
  #reservation;
  #desk;
  #known = null;
  #isTaken = false;
  #isOnHold = false;
  #isMuted = false;
  #isClosed = false;
  #drawn = "";
  #consult = new Consult({ place: () => this.#place, look: () => this.#look(), fail: (error) => this.#desk.fail(error) });
  #parts = { caller: element("h2", "A caller"), state: element("p", "", { role: "status" }), facts: element("dl"), buttons: element("p"), said: element("p", "", { role: "status" }), consult: this.#consult.element, give: element("div"), form: element("div") };

  // `desk` is told of errors (`fail`), that the phone will ring (`expect`), and when the card may go (`done`); it says
  // whether the phone can be rung (`canBeRung`), and mutes (`mute`).
  constructor(reservation, desk) {
    this.#desk = desk;
    this.element = withChildren("article", Object.values(this.#parts), { class: "card" });
    this.bind(reservation);
    follow(this.#place, desk, () => this.#isClosed, (known) => this.#learn(known));
  }

  // After each connection the library has new objects; listeners on the old ones are dead.
  bind(reservation) {
    this.#reservation = reservation;
    for (const event of ["accepted", "wrapup"]) reservation.on(event, () => this.#moved());
    for (const event of ["completed", "rejected", "timeout", "canceled", "rescinded"]) reservation.on(event, () => this.#over(event));
    this.#isTaken = false;
    this.#draw();
  }

  close() {
    this.#isClosed = true;
  }

  // Whether the worker's phone can be rung is another than before.
  redraw() {
    this.#drawn = "";
    this.#draw();
  }

  get #state() {
    const status = this.#reservation.status;
    if (status === "wrapping") return "wrapping";
    if (status === "accepted") return "talk";
    if (status !== "pending") return "over";
    return this.#isTaken ? "taken" : (this.#known?.state ?? "asking");
  }

  get #place() {
    const task = this.#reservation.task;
    const subject = task.attributes.call_sid ?? task.sid;
    return `cards/${encodeURIComponent(subject)}/${encodeURIComponent(this.#reservation.sid)}`;
  }

  #learn(known) {
    this.#known = known;
    this.#draw();
  }

  // Whether there is reason to look again, as a colleague is asked.
  async #look() {
    if (this.#isClosed) return false;
    try {
      this.#known = (await fetched(this.#place)).data;
      this.#draw();
    } catch (error) {
      this.#desk.fail(error);
    }
    return this.#consulted !== null;
  }

  get #consulted() {
    return this.#state === "talk" ? (this.#known?.consult ?? null) : null;
  }

  #moved() {
    this.#isTaken = false;
    this.#draw();
  }

  #over(event) {
    if (event === "completed" || event === "rejected") this.#desk.done(this);
    else {
      this.#draw();
      this.#parts.state.textContent = event === "canceled" ? "The caller is gone." : SAID.over;
      setTimeout(() => this.#desk.done(this), 3000);
    }
  }

  async #take() {
    this.#isTaken = true;
    this.#draw();
    try {
      this.#desk.expect(true);
      await this.#reservation.conference({ from: this.#known.caller_id, endConferenceOnExit: true, endConferenceOnCustomerExit: true });
    } catch (error) {
      this.#isTaken = false;
      this.#desk.expect(false);
      this.#desk.fail(error);
      this.#draw();
    }
  }

  async #hold() {
    const wanted = !this.#isOnHold;
    try {
      await this.#reservation.task.updateParticipant({ hold: wanted });
      this.#isOnHold = wanted;
    } catch (error) {
      this.#desk.fail(error);
    }
    this.#drawn = "";
    this.#draw();
  }

  // To a queue or a person, cold: the caller leaves the conference, and waits there as the first.
  async #give(to) {
    try {
      this.#parts.said.textContent = (await ordered(`${this.#place}/give`, { to })).said;
    } catch (error) {
      this.#desk.fail(error);
    }
  }

  // As who presses 2 on a phone: the caller is offered to the next one, and the worker is left out for a while.
  async #reject() {
    try {
      this.#parts.state.textContent = (await ordered(`${this.#place}/reject`, {})).said;
    } catch (error) {
      this.#desk.fail(error);
    }
  }

  async #mute() {
    const wanted = !this.#isMuted;
    try {
      await this.#desk.mute(this.#reservation, wanted);
      this.#isMuted = wanted;
    } catch (error) {
      this.#desk.fail(error);
    }
    this.#drawn = "";
    this.#draw();
  }

  async #wrapUp(said) {
    try {
      const answer = await ordered(`${this.#place}/wrap-up`, said);
      this.#parts.state.textContent = answer.said;
    } catch (error) {
      this.#desk.fail(error);
    }
  }

  // What has not changed is left alone: a note that is being written stays, and so does the keyboard's place.
  #draw() {
    const now = JSON.stringify([this.#state, this.#known?.state ?? null, this.#consulted]);
    if (now === this.#drawn) return;
    this.#drawn = now;
    const known = this.#known;
    this.#parts.caller.textContent = known ? known.name || known.caller || "A caller" : "A caller";
    this.#parts.state.textContent = SAID[this.#state];
    this.#parts.facts.replaceChildren(...(known ? facts(rows(known)) : []));
    drawAnew(this.#parts.buttons, this.#actions());
    if (known) this.#drawGive(known);
    this.#consult.draw(this.#consulted, this.#parts.caller.textContent);
    if (known && ["talk", "wrapping"].includes(this.#state)) this.#offerForm(known);
  }

  #actions() {
    const who = this.#parts.caller.textContent;
    if (this.#state === "talk") {
      if (this.#consulted) return [button(this.#isMuted ? "Unmute" : "Mute", who, () => this.#mute())];
      return [button(this.#isOnHold ? "Back from hold" : "Hold", who, () => this.#hold()), button(this.#isMuted ? "Unmute" : "Mute", who, () => this.#mute())];
    }
    if (!["asking", "yes"].includes(this.#state)) return [];
    const take = button("Take", who, () => this.#take());
    take.disabled = this.#state !== "yes" || !this.#desk.canBeRung();
    return [take, button("Reject", who, () => this.#reject())];
  }

  #drawGive(known) {
    const ways = this.#state === "talk" ? known.ways : [];
    if (ways.length === 0) return this.#parts.give.replaceChildren();
    if (this.#parts.give.childElementCount > 0) {
      this.#parts.give.lastElementChild.hidden = this.#consulted !== null; // who asks somebody asks nobody else
      return;
    }
    const choices = ways.map((way) => element("option", way.replace(WHOM, ""), { value: way }));
    const to = withChildren("select", choices, { name: "to" });
    const who = this.#parts.caller.textContent;
    this.#parts.give.append(withChildren("label", [document.createTextNode("Give the caller to "), to]), button("Give", who, () => this.#give(to.value)), button("Ask first", who, () => this.#consult.ask(to.value)));
    this.#drawGive(known);
  }

  #offerForm(known) {
    if (this.#parts.form.childElementCount === 0) this.#parts.form.append(wrapUpForm(known, (said) => this.#wrapUp(said)));
  }
}

function rows(known) {
  return [
    ["Number", known.caller],
    ["Line", known.line],
    ["Queue", known.queue],
    ["From", known.transferred_from],
    ["The CRM says", known.text],
    ...ofCrm(known),
    ...known.earlier.map((talk) => ["Talked before", `${talk.worker}, ${talk.line}, ${new Date(talk.at * 1000).toLocaleString()}`]),
  ];
}
