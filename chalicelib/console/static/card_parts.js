// What the card of a caller and that of work that is no call have in common.

import { element, withChildren } from "./draw.js";
import { fetched } from "./session.js";

const AGAIN_MILLISECONDS = 1000;

// Our application says when the CRM has said yes; until then it is asked again and again, unless the card `isClosed`.
export async function follow(place, desk, isClosed, learn) {
  while (!isClosed()) {
    try {
      const known = (await fetched(place)).data;
      desk.fail(null);
      learn(known);
      if (known.state !== "asking") return;
    } catch (error) {
      if (error.status !== 404) desk.fail(error); // the reservation may be here before our record of it
    }
    await new Promise((done) => setTimeout(done, AGAIN_MILLISECONDS));
  }
}

// What is known, of which some may be empty, by its name; a value is a text or an element.
export function facts(rows) {
  return rows.filter(([, value]) => value).flatMap(([name, value]) => [element("dt", name), value instanceof Node ? withChildren("dd", [value]) : element("dd", value)]);
}

// All that the CRM gave, but for what is said already.
export function ofCrm(known) {
  return named(Object.entries(known.data ?? {}).filter(([, value]) => value !== known.name && value !== known.text));
}

// Whatever a value is, a text of it.
export function named(entries) {
  return entries.map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : String(value)]);
}

// What became of it, and a note; `send` gets what was said at each Done.
export function wrapUpForm(known, send) {
  const choices = ["", ...known.dispositions].map((word) => element("option", word));
  const disposition = withChildren("label", [document.createTextNode("What became of it "), withChildren("select", choices, { name: "disposition" })]);
  const note = withChildren("label", [document.createTextNode("Note "), element("textarea", known.note, { name: "note", maxlength: "500", rows: "3" })]);
  const form = withChildren("form", [...(known.dispositions.length ? [disposition] : []), note, element("button", "Done", { type: "submit" })]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(Object.fromEntries(new FormData(form)));
  });
  return form;
}
