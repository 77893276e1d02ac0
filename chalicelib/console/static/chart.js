// A report as bars, drawn by D3: a line for each group. It is a picture of the table below it, which has every number.

import { element, withChildren } from "./draw.js";

// What can be drawn: the parts of which a bar is made, each a field of the report's rows and its word.
export const MEASURES = {
  "calls": { answered: "answered", overflow: "overflow", abandoned: "abandoned", short: "short", open: "under way", unknown: "unknown" },
  "answered in time, %": { service_level: "% in time" },
  "seconds to answer": { time_to_answer: "s to answer" },
  "longest wait, s": { longest_wait: "s, the longest wait" },
  "seconds of talk": { talk_time: "s of talk" },
  "missed by workers": { missed: "missed" },
};
const LINE = 1.75, LABEL = 9, TOP = 2, RIGHT = 1.5; // in the page's own unit of text
const CHARACTER = 0.5, TICK = 6;

// The picture, as wide as `width`. Throws where the package was made without D3.
export async function chart(caption, measure, rows, width) {
  const d3 = await import("./d3.js");
  const parts = Object.entries(MEASURES[measure]).filter(([name]) => rows.some((row) => row[name]));
  const drawn = svg(d3, `${caption}: ${measure}, a bar for each. The table has the numbers.`, parts, rows, width);
  return measure === "calls" ? [legend(parts), drawn] : [drawn];
}

function svg({ axisLeft, axisTop, create, scaleBand, scaleLinear }, label, parts, rows, width) {
  const unit = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const left = Math.min(LABEL * unit, width / 3), top = TOP * unit, height = top + rows.length * LINE * unit;
  const most = Math.max(1, ...rows.map((row) => parts.reduce((sum, [name]) => sum + (row[name] ?? 0), 0)));
  const x = scaleLinear([0, most], [left, width - RIGHT * unit]).nice(), y = scaleBand(rows.map((row) => row.group), [top, height]).padding(0.2);
  const made = create("svg").attr("role", "img").attr("aria-label", label).attr("width", width).attr("height", height);
  const ticks = Math.min(x.domain()[1], Math.max(2, Math.floor(width / (TICK * unit)))); // no tenth of a call
  const above = axisTop(x).ticks(ticks).tickSize(top - height).tickPadding(unit / 2);
  made.append("g").attr("transform", `translate(0,${top})`).call(above);
  made.append("g").attr("transform", `translate(${left},0)`).call(axisLeft(y).tickSize(0).tickFormat((name) => cut(name, left / unit)));
  for (const row of rows) bar(made, parts, row, x, y);
  return made.node();
}

function bar(made, parts, row, x, y) {
  let from = 0;
  for (const [place, [name, word]] of parts.entries()) {
    const value = row[name] ?? 0;
    if (value === 0) continue;
    const part = made.append("rect").attr("class", `part-${place}`).attr("x", x(from)).attr("width", x(from + value) - x(from));
    part.attr("y", y(row.group)).attr("height", y.bandwidth()).append("title").text(`${row.group}: ${value} ${word}`);
    from += value;
  }
}

function legend(parts) {
  const words = parts.map(([, word], place) => withChildren("li", [element("span", "", { class: `part-${place}`, "aria-hidden": "true" }), ` ${word}`]));
  return withChildren("ul", words, { class: "legend" });
}

function cut(name, units) {
  const most = Math.floor(units / CHARACTER);
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}
