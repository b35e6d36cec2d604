// A model server on this host, without TLS: aimock as it is, on a free port of 127.0.0.1 or of the address given. Prints
// {"port"}. Any conversation gets its last text back.
import { LLMock } from "@copilotkit/aimock";

const textOf = ({ content }) =>
  typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("");

const mock = new LLMock({ host: process.argv[2] ?? "127.0.0.1", port: 0, logLevel: "silent", journalMaxEntries: 1 });
mock.on({ predicate: () => true }, ({ messages }) => ({ content: textOf(messages.at(-1)) }), { chunkSize: 4096 });
await mock.start();
process.stdout.write(`${JSON.stringify({ port: mock.port })}\n`);
