// Elements with text in them: whatever a caller or a team is called, it is text and never markup.

export function element(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

export function withChildren(name, children, attributes = {}) {
  const made = element(name, "", attributes);
  made.append(...children);
  return made;
}

// A labelled input of a form.
export function field(name, word, more = {}) {
  return [element("label", word, { for: name }), element("input", "", { id: name, name, ...more })];
}

// A table with a caption; `rows` are lists of texts or elements, and the first of each is the row's heading.
export function table(caption, headings, rows, nothing = "Nobody.") {
  if (rows.length === 0) return withChildren("section", [element("h2", caption), element("p", nothing)]);
  const head = withChildren("tr", headings.map((text) => element("th", text, { scope: "col" })));
  const body = rows.map((cells) => withChildren("tr", cells.map(cell)));
  const parts = [element("caption", caption), withChildren("thead", [head]), withChildren("tbody", body)];
  return withChildren("div", [withChildren("table", parts)], { class: "scrolls", tabindex: "0", role: "region", "aria-label": caption });
}

function cell(content, place) {
  const name = place === 0 ? "th" : "td";
  const made = content instanceof Node ? withChildren(name, [content]) : element(name, content);
  if (place === 0) made.setAttribute("scope", "row");
  return made;
}

// 75 is 1:15, 3675 is 1:01:15.
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, "0"));
  const hours = Math.floor(whole / 3600);
  return hours ? `${hours}:${parts.join(":")}` : `${Number(parts[0])}:${parts[1]}`;
}

// The keyboard stays where it was, as far as that is still there.
export function drawAnew(found, parts) {
  const kept = document.activeElement?.getAttribute?.("aria-label");
  found.replaceChildren(...parts);
  if (kept) found.querySelector(`[aria-label="${CSS.escape(kept)}"]`)?.focus();
}
