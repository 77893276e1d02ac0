// The phone in the browser, for a worker whose contact_uri is the client of this page.

import { library } from "./library.js";

const QUIET = { publishEvents: false, logLevel: "silent" };

export class Phone {
  #device = null;
  #call = null;
  #isExpected = false;
  #changed;

  // `changed` is told whenever what `state` says is another.
  constructor(changed) {
    this.#changed = changed;
  }

  get isOn() {
    return this.#device !== null;
  }

  get canBeRung() {
    return this.#device?.state === "registered";
  }

  // none, ringing, talking
  get state() {
    if (this.#call === null) return "none";
    return this.#call.status() === "open" || this.#call.status() === "connecting" ? "talking" : "ringing";
  }

  // Can be rung when this resolves. Before it nobody may be sent a caller: each would be lost. Throws where it cannot.
  async begin(given) {
    if (given.is_plain) await library("plain.js");
    await library("voice.js");
    const device = new Twilio.Device(given.token, { ...QUIET, chunderw: given.signalling });
    device.on("error", (error) => this.#changed(error));
    device.on("incoming", (call) => this.#ring(call));
    for (const event of ["registered", "unregistered"]) device.on(event, () => this.#changed(null));
    this.#device = device;
    try {
      await device.register();
    } catch (error) {
      this.end();
      throw error;
    }
  }

  renew(token) {
    this.#device?.updateToken(token);
  }

  // The worker has taken a caller: the ring that follows is answered by itself. Not so when that failed.
  expect(isExpected) {
    this.#isExpected = isExpected;
  }

  answer() {
    this.#isExpected = false;
    this.#call?.accept();
  }

  mute(isMuted) {
    this.#call?.mute(isMuted);
  }

  hangUp() {
    this.#call?.disconnect();
  }

  end() {
    this.#device?.destroy();
    this.#device = this.#call = null;
  }

  #ring(call) {
    this.#call = call;
    call.on("accept", () => this.#changed(null));
    for (const over of ["disconnect", "cancel", "reject"]) call.on(over, () => this.#over(call));
    call.on("error", (error) => this.#changed(error));
    if (this.#isExpected) this.answer();
    this.#changed(null);
  }

  #over(call) {
    if (this.#call === call) this.#call = null;
    this.#changed(null);
  }
}
