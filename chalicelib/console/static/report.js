// Reports: the same figures as those of `./cordboard report`.

import { element, field, table, withChildren } from "./draw.js";
import { fetched } from "./session.js";

const GROUPINGS = ["line", "queue", "worker", "day", "hour"];

export function open(view, fail) {
  const today = new Date().toLocaleDateString("sv");
  const from = field("from", "From", { type: "date", value: today, required: "" });
  const to = field("to", "To", { type: "date", value: today, required: "" });
  const by = withChildren("select", GROUPINGS.map((one) => element("option", one)), { id: "by", name: "by" });
  const labelled = [element("label", "By", { for: "by" }), by, element("button", "Show", { type: "submit" })];
  const form = withChildren("form", [...from, ...to, ...labelled]);
  const found = element("div", "", { id: "found", "aria-live": "polite" });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show(new URLSearchParams(new FormData(form)), found, fail);
  });
  view.replaceChildren(element("h2", "Reports"), form, found);
  return () => {};
}

// The file is made of what is here already: a link could not send the token.
function download(csv, name) {
  const made = element("button", "Download as CSV", { type: "button" });
  made.addEventListener("click", () => {
    const url = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
    element("a", "", { href: url, download: name }).click();
    URL.revokeObjectURL(url);
  });
  return made;
}

async function show(query, found, fail) {
  try {
    const { data } = await fetched(`report?${query}`);
    fail(null);
    const words = withChildren("ul", data.definitions.map((one) => element("li", one)));
    const name = `calls-by-${query.get("by")}-${query.get("from")}-${query.get("to")}.csv`;
    found.replaceChildren(table(`Calls by ${query.get("by")}, ${data.zone}`, data.headings, data.cells), download(data.csv, name), words);
  } catch (error) {
    fail(error);
  }
}
