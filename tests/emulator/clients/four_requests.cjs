// Run with any major of Twilio's client for Node: four requests in a row, over connections that are kept or closed.
const http = require("http");

const [name, url, kept] = process.argv.slice(2);
const twilio = require(name);
const { version } = require(`${name}/package.json`);
const RequestClient = twilio.RequestClient || require(`${name}/lib/base/RequestClient`);

class Emulator extends RequestClient {
  request(options) {
    const { pathname, search } = new URL(options.uri);
    return super.request({ ...options, uri: `${url}${pathname}${search}` });
  }
}

http.globalAgent = new http.Agent({ keepAlive: kept === "kept" });
const client = twilio(process.env.ACCOUNT, process.env.TOKEN, { httpClient: new Emulator() });

async function main() {
  const found = [];
  for (let number = 0; number < 4; number += 1) {
    found.push((await client.taskrouter.v1.workspaces.list({ limit: 5 })).length);
  }
  const made = await client.taskrouter.v1.workspaces.create({ friendlyName: "Help line" });
  console.log(JSON.stringify({ version, found, made: made.friendlyName }));
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
