// Caller and worker dial into one room, in Node without any package: the worker is rung over REST and says yes by a key.
// TWILIO_API_URL, TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN say where Twilio is; the first line on stdout is its own URL.
import { createServer } from "node:http";

const { TWILIO_API_URL, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN } = process.env;
const LINE = "+14155550100", WORKER = "+14155550111";

async function twilio(path, fields) {
  const authorization = "Basic " + Buffer.from(`${TWILIO_ACCOUNT_SID}:${TWILIO_AUTH_TOKEN}`).toString("base64");
  const answer = await fetch(TWILIO_API_URL + path, { method: "POST", headers: { authorization }, body: new URLSearchParams(fields) });
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  return answer.json();
}

const calls = `/2010-04-01/Accounts/${TWILIO_ACCOUNT_SID}/Calls`;
const task = (workspace, sid) => `/v1/Workspaces/${workspace}/Tasks/${sid}`;
const room = (workspace, sid) => `<Dial><Conference endConferenceOnExit="true" statusCallback="/over/${workspace}/${sid}"
  statusCallbackEvent="end">${sid}</Conference></Dial>`;

const routes = {
  incoming: (_, [workflow]) => `<Enqueue workflowSid="${workflow}" waitUrl=""/>`,
  async assignment(form) {
    const caller = JSON.parse(form.get("TaskAttributes")).call_sid;
    const path = [caller, form.get("WorkspaceSid"), form.get("TaskSid"), form.get("ReservationSid")].join("/");
    await twilio(`${calls}.json`, { To: WORKER, From: LINE, Url: `${url}/worker/${path}` });
  },
  worker: (_, path) => `<Gather numDigits="1" action="/yes/${path.join("/")}"><Say>Press 1</Say></Gather>`,
  async yes(_, [caller, workspace, sid, reservation]) {
    await twilio(`${task(workspace, sid)}/Reservations/${reservation}`, { ReservationStatus: "accepted" });
    await twilio(`${calls}/${caller}.json`, { Url: `${url}/room/${workspace}/${sid}` });
    return room(workspace, sid);
  },
  room: (_, [workspace, sid]) => room(workspace, sid),
  async over(_, [workspace, sid]) {
    await twilio(task(workspace, sid), { AssignmentStatus: "completed", Reason: "talked" });
  },
};

const server = createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  const [name, ...path] = request.url.slice(1).split("/");
  const twiml = await routes[name](new URLSearchParams(body), path);
  response.setHeader("Content-Type", twiml ? "text/xml" : "application/json");
  response.end(twiml && `<Response>${twiml}</Response>`);
});
let url;
server.listen(0, "127.0.0.1", () => {
  url = `http://127.0.0.1:${server.address().port}`;
  console.log(url);
});
