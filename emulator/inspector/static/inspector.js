// Brings the page up to date while somebody looks at it. What is typed, open or focused stays as it is.
"use strict";

const EVERY = 1000; // milliseconds
const HOME = document.body.dataset.home ?? "/_emulator/"; // where the page is asked for, whichever form led here
const refresh = document.getElementById("refresh");
let asking = false;

function same(old, fresh) {
  return old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName && (old.id || "") === (fresh.id || "");
}

function attributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name); // somebody has opened these details
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

// Makes `old` what `fresh` is, node by node: a node that is still there is never replaced.
function morph(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  attributes(old, fresh);
  const named = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  let place = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const known = next.id ? named.get(next.id) : place && same(place, next) ? place : null;
    if (!known) {
      old.insertBefore(next, place);
      continue;
    }
    if (known === place) place = place.nextSibling;
    else old.insertBefore(known, place);
    morph(known, next);
  }
  while (place) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
}

function parts(of) {
  return [...of.querySelectorAll(".live-part")];
}

async function bring() {
  if (asking || document.hidden || !refresh.checked) return;
  asking = true;
  try {
    const answer = await fetch(HOME, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focused = document.activeElement;
    const newer = parts(fresh);
    parts(document).forEach((part, index) => morph(part, newer[index]));
    document.title = fresh.title;
    if (focused && focused.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
  } catch {
    document.title = "stopped: the emulator of Twilio";
  } finally {
    asking = false;
  }
}

refresh.closest("label").hidden = false;
document.addEventListener("visibilitychange", bring);
setInterval(bring, EVERY);
