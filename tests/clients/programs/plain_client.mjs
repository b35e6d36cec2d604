// An application on nothing but Node's own https module, any version of Node: for each line of JSON
// on its input {"url", "body", "headers"} one call, and one line with status and body as it came. With
// "source" the connection leaves from that address of the host.
import { Agent, request } from "node:https";
import { createInterface } from "node:readline";

const agent = new Agent({ keepAlive: true });

function call({ url, body, headers, source }) {
  return new Promise((resolve, reject) => {
    const content = Buffer.from(JSON.stringify(body));
    const outgoing = request(url, { agent, localAddress: source, method: "POST", headers: { ...headers, "Content-Type": "application/json", "Content-Length": content.length } }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part) => { text += part; }).on("end", () => resolve({ status: response.statusCode, body: text }));
    });
    outgoing.on("error", reject).end(content);
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const got = await call(JSON.parse(line)).catch((error) => ({ error: String(error) }));
  process.stdout.write(`${JSON.stringify(got)}\n`);
}
