// Work that is no call on the desk, a chat or a case: it is taken by accepting it, and done when the worker says so.

import { button } from "./acting.js";
import { facts, follow, named, ofCrm, wrapUpForm } from "./card_parts.js";
import { drawAnew, element, withChildren } from "./draw.js";
import { ordered } from "./session.js";

const GONE_MILLISECONDS = 3000;
const SAID = {
  asking: "The CRM is asked. Wait a moment.",
  yes: "You can take this.",
  taken: "One moment.",
  phone: "Your phone rings.",
  talk: "This is yours. Say when it is done.",
  wrapping: "What became of it?",
  over: "This is over.",
};
const OURS = ["kind", "work_key", "left_undone"]; // attributes that say nothing to a person

export class Order {
  #reservation;
  #desk;
  #known = null;
  #isTaken = false;
  #isClosed = false;
  #drawn = "";
  #parts = { title: element("h2", "Work"), state: element("p", "", { role: "status" }), facts: element("dl"), buttons: element("p"), form: element("div") };

  // `desk` is told of errors (`fail`), and when the card may go (`done`).
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
    this.#moved();
  }

  close() {
    this.#isClosed = true;
  }

  // Whether the worker's phone can be rung is nothing to this card.
  redraw() {}

  get #state() {
    const status = this.#reservation.status;
    if (!["pending", "accepted", "wrapping"].includes(status)) return "over";
    if (this.#known === null) return "asking";
    if (status !== "pending") return status === "accepted" ? "talk" : "wrapping";
    return this.#isTaken ? "taken" : this.#known.state;
  }

  get #place() {
    const task = this.#reservation.task;
    const subject = task.attributes.consult_call ?? task.sid; // who is asked about a caller first stands beside the call
    return `cards/${encodeURIComponent(subject)}/${encodeURIComponent(this.#reservation.sid)}`;
  }

  #learn(known) {
    this.#known = known;
    this.#draw();
  }

  #moved() {
    this.#isTaken = false;
    this.#draw();
  }

  #over(event) {
    if (event === "completed" || event === "rejected") return this.#desk.done(this);
    this.#draw();
    if (event === "canceled") this.#parts.state.textContent = "This was withdrawn.";
    setTimeout(() => this.#desk.done(this), GONE_MILLISECONDS);
  }

  async #take() {
    this.#isTaken = true;
    this.#draw();
    try {
      await this.#reservation.accept();
    } catch (error) {
      this.#isTaken = false;
      this.#desk.fail(error);
    }
    this.#draw();
  }

  async #say(what, said) {
    try {
      const answer = await ordered(`${this.#place}/${what}`, said);
      this.#desk.fail(null);
      this.#parts.state.textContent = answer.said;
    } catch (error) {
      this.#desk.fail(error);
    }
  }

  // What has not changed is left alone: a note that is being written stays, and so does the keyboard's place.
  #draw() {
    const now = JSON.stringify([this.#state, this.#known?.state ?? null]);
    if (now === this.#drawn) return;
    this.#drawn = now;
    this.#parts.title.textContent = this.#known ? [this.#known.kind, this.#known.name].filter(Boolean).join(": ") : "Work";
    this.#parts.state.textContent = SAID[this.#state];
    this.#parts.facts.replaceChildren(...(this.#known ? facts(this.#rows()) : []));
    drawAnew(this.#parts.buttons, this.#actions());
    const isTheirs = ["talk", "wrapping"].includes(this.#state);
    if (this.#known && isTheirs && this.#parts.form.childElementCount === 0) this.#parts.form.append(wrapUpForm(this.#known, (said) => this.#say("wrap-up", said)));
  }

  #rows() {
    // Those of other work have callers' numbers.
    const known = this.#known, attributes = known.is_at_desk ? Object.entries(this.#reservation.task.attributes) : [];
    return [
      ["What it is", known.say],
      ["Page", known.link && this.#page(known.link)],
      ["Queue", known.queue],
      ["The CRM says", known.text],
      ...ofCrm(known),
      ...named(attributes.filter(([name, value]) => value !== null && !OURS.includes(name))),
    ];
  }

  // In a tab of its own, which learns nothing of this one.
  #page(link) {
    if (new URL(link).protocol !== "https:") return "";
    return element("a", `Open the ${this.#known.kind}`, { href: link, target: "_blank", rel: "noopener noreferrer" });
  }

  #actions() {
    const what = this.#parts.title.textContent;
    if (this.#state === "talk" && this.#known.is_at_desk) return [button("Give back", what, () => this.#say("give-back", {}))];
    if (!["asking", "yes"].includes(this.#state)) return [];
    const take = button("Take", what, () => this.#take());
    take.disabled = this.#state !== "yes";
    return [take, button("Reject", what, () => this.#say("reject", {}))];
  }
}
