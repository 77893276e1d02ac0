// Talking to a colleague first: how far that is, and what can be done with the caller, who hears music meanwhile.

import { button } from "./acting.js";
import { drawAnew, element, withChildren } from "./draw.js";
import { ordered } from "./session.js";

const AGAIN_MILLISECONDS = 2000;
const SAID = {
  asking: ({ to }) => `${to} is asked. The caller hears music.`,
  talking: ({ name }) => `You talk to ${name}. The caller hears music.`,
  over: ({ to, name }) => `${name ? `${name} has left` : `Nobody takes it at ${to}`}. The caller hears music.`,
  both: ({ name }) => `You, ${name} and the caller talk.`,
};
const STEPS = {
  asking: { "Back to the caller": "back" },
  talking: { "Hand over": "hand over", "Talk all three": "both", "Back to the caller": "back" },
  over: { "Back to the caller": "back" },
  both: { "Hand over": "hand over", "Without the colleague": "back" },
};

export class Consult {
  #said = element("p", "", { role: "status" });
  #buttons = element("p");
  #drawn = "";
  #isFollowed = false;
  element = withChildren("div", [this.#said, this.#buttons]);

  // `card` has the place of the reservation (`place`), and is told to look again (`look`) and of errors (`fail`).
  constructor(card) {
    this.card = card;
  }

  ask(to) {
    return this.#do({ do: "ask", to });
  }

  // `consult` is null where nobody is asked.
  draw(consult, who) {
    const now = JSON.stringify([consult, who]);
    if (now === this.#drawn) return;
    this.#drawn = now;
    this.#said.textContent = consult ? SAID[consult.state](consult) : "";
    const steps = Object.entries(consult ? STEPS[consult.state] : {});
    drawAnew(this.#buttons, steps.map(([word, step]) => button(word, who, () => this.#do({ do: step }))));
    if (consult) this.#follow();
  }

  async #do(order) {
    try {
      const { said } = await ordered(`${this.card.place()}/ask`, order);
      this.card.fail(null);
      this.#said.textContent = said;
    } catch (error) {
      this.card.fail(error);
    }
    this.#drawn = "";
    await this.card.look();
  }

  // Until nobody is asked any more: what the colleague does is announced to nobody.
  async #follow() {
    if (this.#isFollowed) return;
    this.#isFollowed = true;
    do await new Promise((done) => setTimeout(done, AGAIN_MILLISECONDS));
    while (await this.card.look());
    this.#isFollowed = false;
  }
}
