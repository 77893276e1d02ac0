// Reports: the same figures as those of `./cordboard report`, as a table, a chart and a file.

import { MEASURES, chart } from "./chart.js";
import { element, field, table, withChildren } from "./draw.js";
import { fetched, ordered } from "./session.js";

const GROUPINGS = ["line", "choice", "queue", "worker", "day", "hour"];
const DAY_MILLISECONDS = 24 * 3600 * 1000, WEEK_DAYS = 7;

let latest = 0;

export function open(view, fail) {
  const today = new Date().toLocaleDateString("sv");
  const from = field("from", "From", { type: "date", value: today, required: "" });
  const to = field("to", "To", { type: "date", value: today, required: "" });
  const by = withChildren("select", GROUPINGS.map((one) => element("option", one)), { id: "by", name: "by" });
  const labelled = [element("label", "By", { for: "by" }), by, element("button", "Show", { type: "submit" })];
  const form = withChildren("form", [...from, ...to, ...labelled]);
  const found = element("div", "", { id: "found" });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show(new FormData(form), found, fail);
  });
  view.replaceChildren(element("h2", "Reports"), form, found);
  return () => {
    latest += 1;
  };
}

// Whoever asks again, or goes elsewhere, ends what is being read.
async function show(asked, found, fail) {
  const mine = (latest += 1), said = element("p", "", { role: "status" });
  found.replaceChildren(said);
  try {
    let data = null;
    for (const [number, [from, to], all] of weeks(asked.get("from"), asked.get("to"))) {
      if (all > 1) said.textContent = `Week ${number} of ${all} is read.`;
      data = await read(new URLSearchParams({ from, to, by: asked.get("by") }), data);
      if (mine !== latest) return;
    }
    fail(null);
    draw(data, asked, found);
  } catch (error) {
    if (mine !== latest) return;
    said.textContent = "";
    fail(error);
  }
}

// The report of these days, and of those that were read before.
async function read(query, before) {
  const place = `report?${query}`;
  return before ? ordered(place, { groups: before.groups }) : (await fetched(place)).data;
}

// Each with its number and how many there are: what is read at once is a week at most.
function weeks(from, to) {
  const last = Date.parse(to), found = [];
  for (let day = Date.parse(from); day <= last; day += WEEK_DAYS * DAY_MILLISECONDS) {
    found.push([text(day), text(Math.min(last, day + (WEEK_DAYS - 1) * DAY_MILLISECONDS))]);
  }
  if (found.length === 0) found.push([from, to]); // which is refused, with the reason
  return found.map((week, place) => [place + 1, week, found.length]);
}

function text(day) {
  return new Date(day).toISOString().slice(0, 10);
}

function draw(data, asked, found) {
  const [by, from, to] = ["by", "from", "to"].map((name) => asked.get(name));
  const caption = `Calls by ${by}, ${data.zone}`, words = withChildren("ul", data.definitions.map((one) => element("li", one)));
  const parts = [table(caption, data.headings, data.cells), download(data.csv, `calls-by-${by}-${from}-${to}.csv`), words];
  const said = element("p", from === to ? `${from}.` : `${from} to ${to}.`, { role: "status" });
  found.replaceChildren(said, ...(data.chart.length ? [charted(caption, data.chart)] : []), ...parts);
}

// The chart and the choice of what it shows; drawn anew when that, or the width, is another.
function charted(caption, rows) {
  const measure = withChildren("select", Object.keys(MEASURES).map((one) => element("option", one)), { id: "measure" });
  const place = element("div", "", { class: "chart" });
  let latest = 0; // of two that are drawn at once the later one stays, whichever is there first
  const redraw = async () => {
    const own = ++latest;
    const drawn = await chart(caption, measure.value, rows, place.clientWidth).catch(() => [element("p", "There is no chart: the package was made without D3, which `python -m tools.desk` puts there.")]);
    if (own === latest) place.replaceChildren(...drawn);
  };
  measure.addEventListener("change", redraw);
  let width = 0;
  new ResizeObserver(() => {
    if (width !== place.clientWidth) redraw();
    width = place.clientWidth;
  }).observe(place);
  return withChildren("section", [element("label", "Chart of", { for: "measure" }), " ", measure, place], { "aria-label": "Chart" });
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
