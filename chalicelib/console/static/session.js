// Sign-in with the user pool's hosted form: a code, and the verifier that only this tab has (PKCE, RFC 7636).
// The tokens are in this tab's storage, and nowhere in a URL.

const TOKEN = "token", REFRESH = "refresh", VERIFIER = "verifier", STATE = "state";
const { signInUrl, client } = document.body.dataset;
const here = location.origin + location.pathname;

export class SignedOut extends Error {}

export class Refused extends Error {
  constructor(status, why) {
    super(why);
    this.status = status;
  }
}

export function isSignedIn() {
  return sessionStorage.getItem(TOKEN) !== null;
}

export async function begin() {
  const verifier = random(), state = random();
  sessionStorage.setItem(VERIFIER, verifier);
  sessionStorage.setItem(STATE, state);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const query = { response_type: "code", client_id: client, redirect_uri: here, scope: "openid email", state, code_challenge_method: "S256", code_challenge: base64(new Uint8Array(digest)) };
  location.assign(`${signInUrl}/oauth2/authorize?${new URLSearchParams(query)}`);
}

export function end() {
  sessionStorage.clear();
  location.assign(`${signInUrl}/logout?${new URLSearchParams({ client_id: client, logout_uri: here })}`);
}

// Back from the form: the code becomes tokens, once, and leaves the URL.
export async function comeBack() {
  const query = new URLSearchParams(location.search);
  const code = query.get("code");
  if (code === null) return;
  const isOurs = query.get("state") === sessionStorage.getItem(STATE), verifier = sessionStorage.getItem(VERIFIER);
  history.replaceState(null, "", here + location.hash);
  sessionStorage.removeItem(STATE);
  sessionStorage.removeItem(VERIFIER);
  if (isOurs && verifier) await exchange({ grant_type: "authorization_code", code, redirect_uri: here, code_verifier: verifier });
}

// What stands at this place of the console, or null where it is the same as before. Throws SignedOut, Refused.
export async function fetched(place, etag = "") {
  const answer = await signed(place, { headers: etag ? { "If-None-Match": etag } : {} });
  if (answer.status === 304) return { etag, now: clock(answer), data: null };
  const data = await answer.json();
  return { etag: answer.headers.get("ETag") ?? "", now: clock(answer), data };
}

// Has this done, once however often it is sent: an order that got no answer is sent again. Throws SignedOut, Refused.
export async function ordered(place, order) {
  const body = JSON.stringify({ ...order, sid: crypto.randomUUID() });
  const request = { method: "POST", body, headers: { "Content-Type": "application/json" } };
  const answer = await signed(place, request).catch((error) => {
    if (error instanceof TypeError) return signed(place, request);
    throw error;
  });
  return answer.json();
}

async function signed(place, request) {
  let answer = await ask(place, request);
  if (answer.status === 401 && sessionStorage.getItem(REFRESH)) {
    await exchange({ grant_type: "refresh_token", refresh_token: sessionStorage.getItem(REFRESH) });
    answer = await ask(place, request);
  }
  if (answer.status === 401) {
    sessionStorage.clear();
    throw new SignedOut();
  }
  if (!answer.ok && answer.status !== 304) throw new Refused(answer.status, (await answer.json()).error ?? "this cannot be done now");
  return answer;
}

function ask(place, request) {
  const headers = { ...request.headers, Authorization: sessionStorage.getItem(TOKEN) ?? "" };
  return fetch(`${here.replace(/\/$/, "")}/${place}`, { ...request, headers, cache: "no-store" });
}

// The server's time, so that a clock of a screen that is wrong does no harm.
function clock(answer) {
  const told = Date.parse(answer.headers.get("Date") ?? "");
  return (Number.isNaN(told) ? Date.now() : told) / 1000;
}

async function exchange(form) {
  const body = new URLSearchParams({ client_id: client, ...form });
  const answer = await fetch(`${signInUrl}/oauth2/token`, { method: "POST", body });
  const tokens = answer.ok ? await answer.json() : {};
  if (tokens.id_token) sessionStorage.setItem(TOKEN, tokens.id_token);
  if (tokens.refresh_token) sessionStorage.setItem(REFRESH, tokens.refresh_token);
}

function random() {
  return base64(crypto.getRandomValues(new Uint8Array(48)));
}

function base64(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
