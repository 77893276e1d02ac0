// A desk: Twilio's own library for browsers, unmodified. Each line of its input is a call of a method, each line of its
// output an event or a result.
const { Worker, Supervisor, Workspace } = require("twilio-taskrouter");
const [token, server, options] = [process.argv[2], process.argv[3], JSON.parse(process.argv[4])];
const { kind, ...given } = options;
const urls = { ebServer: server, wsServer: server.replace("http:", "ws:"), logLevel: "silent" };
const worker = new (kind === "Supervisor" ? Supervisor : Worker)(token, { ...urls, ...given });
const workspace = kind === "Workspace" ? new Workspace(token, { ...urls }) : null;

const say = (line) => console.log(JSON.stringify(line));
const reservation = (one) => ({ sid: one.sid, status: one.status, task: one.task.sid, attributes: one.task.attributes });
const watched = new Set();

function watch(one) {
  if (watched.has(one)) return;
  watched.add(one);
  for (const event of ["accepted", "rejected", "timeout", "canceled", "rescinded", "completed", "wrapup"]) {
    one.on(event, () => say({ event, ...reservation(one) }));
  }
  for (const event of ["updated", "canceled", "completed", "wrapup"]) {
    one.task.on(event, () => say({ event: `task.${event}`, sid: one.task.sid, status: one.task.status, attributes: one.task.attributes }));
  }
}

worker.on("ready", () => {
  for (const one of worker.reservations.values()) watch(one);
  for (const one of worker.channels.values()) {
    for (const event of ["capacityUpdated", "availabilityUpdated"]) {
      one.on(event, () => say({ event, name: one.taskChannelUniqueName, capacity: one.capacity, available: one.available }));
    }
  }
  say({ event: "ready", name: worker.name, activity: worker.activity.name, reservations: [...worker.reservations.values()].map(reservation) });
});
worker.on("reservationCreated", (one) => { watch(one); say({ event: "reservationCreated", ...reservation(one) }); });
worker.on("activityUpdated", () => say({ event: "activityUpdated", activity: worker.activity.name }));
worker.on("attributesUpdated", () => say({ event: "attributesUpdated", attributes: worker.attributes }));
worker.on("disconnected", (why) => say({ event: "disconnected", message: why.message }));
worker.on("error", (error) => say({ event: "error", name: error.name, message: error.message }));
for (const event of ["tokenExpired", "tokenUpdated"]) worker.on(event, () => say({ event }));
process.on("unhandledRejection", (error) => say({ event: "unhandled", message: String(error) }));
process.on("uncaughtException", (error) => say({ event: "uncaught", message: String(error) }));

function whom({ on, sid }) {
  const known = [...worker.reservations.values()];
  if (on === "reservation") return worker.reservations.get(sid);
  if (on === "task") return known.map((one) => one.task).find((task) => task.sid === sid);
  if (on === "activity") return [...worker.activities.values()].find((one) => one.name === sid);
  return on === "workspace" ? workspace : worker;
}

function shown(result) {
  if (result === undefined || result === null) return null;
  if (typeof result === "string") return result;
  if (result instanceof Map) return [...result.values()].map((one) => one.name || one.friendlyName || one.sid);
  return { sid: result.sid, status: result.status, name: result.name, activity: result.activity && result.activity.name };
}

require("readline").createInterface({ input: process.stdin }).on("line", async (line) => {
  const asked = JSON.parse(line);
  try {
    say({ result: shown(await whom(asked)[asked.call](...asked.args)) });
  } catch (error) {
    say({ result: null, refused: { name: error.name, message: error.message } });
  }
});
