// Which view is seen, and who has signed in.

import * as board from "./board.js";
import * as blocked from "./blocked.js";
import * as calls from "./calls.js";
import * as lines from "./lines.js";
import * as messages from "./messages.js";
import * as report from "./report.js";
import * as workers from "./workers.js";
import { element } from "./draw.js";
import { SignedOut, begin, comeBack, end, isSignedIn } from "./session.js";

const VIEWS = { "#board": board, "#report": report, "#calls": calls, "#messages": messages, "#lines": lines, "#workers": workers, "#blocked": blocked };
const [view, notice, views, signIn, signOut] = ["view", "notice", "views", "sign-in", "sign-out"].map((id) => document.getElementById(id));

let close = () => {};

function show() {
  close();
  close = () => {};
  const isIn = isSignedIn();
  views.hidden = signOut.hidden = !isIn;
  signIn.hidden = isIn;
  if (!isIn) {
    view.replaceChildren(element("p", "Sign in to see who waits."));
    return;
  }
  const name = location.hash in VIEWS ? location.hash : "#board";
  for (const link of views.querySelectorAll("a")) {
    if (link.getAttribute("href") === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  view.replaceChildren(element("p", "One moment."));
  close = VIEWS[name].open(view, tell);
}

function tell(error) {
  if (error instanceof SignedOut) show();
  const text = error === null ? "" : error instanceof SignedOut ? "You are signed out." : sentence(error);
  if (notice.textContent !== text) notice.textContent = text;
}

function sentence(error) {
  return error.status ? error.message : "The connection is lost; it is tried again.";
}

signIn.addEventListener("click", begin);
signOut.addEventListener("click", end);
addEventListener("hashchange", () => {
  tell(null);
  show();
});
try {
  await comeBack();
} catch (error) {
  tell(error);
}
show();
