// What an exchange must say, in the words of the test: built from what the application sent and got.
// A part is [zone, kind, ...]: text and reasoning with their content, tool_call with id, name and
// arguments, tool_call_response with id and result, blob with its media type. What an API does not
// tell its caller (an id, usage of an embedding) stays undefined and is not compared.
export const text = (zone, content) => [zone, "text", content];
export const reasoning = (content) => ["assistant", "reasoning", content];
export const call = (id, name, args) => ["assistant", "tool_call", id ?? null, name, typeof args === "string" ? JSON.parse(args || "{}") : args ?? {}];
export const result = (id, content) => ["tool", "tool_call_response", id ?? null, content];
export const blob = (zone, type) => [zone, "blob", type];

// Texts the matrix sends: each begins with the name of its case.
export const kSystem = "You are a weather desk. Be brief – “quoted”, ünïcode.";
export const prompt = (name) => `${name}: Grüezi! What is 2 + 2? "Quotes", back\\slashes,\n\ttabs, 日本語, 🦉 and \u2028 too.`;
export const kSchema = { type: "object", properties: { city: { type: "string" }, days: { type: "integer" } }, required: ["city"] };
export const kResult = '{"celsius": 3, "sky": "snow ❄"}';
// A GIF of one pixel.
export const kGif = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
export const kTools = [["get_weather", "Weather of a city"], ["get_time", "Time in a zone"]];
export const kToolNames = kTools.map(([name]) => name);

export async function collected(stream) {
  const all = [];
  for await (const one of stream) all.push(one);
  return all;
}
