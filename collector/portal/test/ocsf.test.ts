import { describe, expect, it } from "vitest";

import type { Json } from "../src/api/types";
import { readFinding, suspectValue } from "../src/lib/ocsf";

describe("suspectValue", () => {
  const withEntities = (...entities: [string, string][]) => ({ unmapped: { sonde: { entities: entities.map(([type, value]) => ({ type, value })) } } });

  it("is the most telling of what an alert is about, and never where it was", () => {
    expect(suspectValue(withEntities(["host", "web-1"], ["tool", "read_file"], ["secret", "fp:1"]))).toEqual({ type: "secret", value: "fp:1" });
    expect(suspectValue(withEntities(["tool", "read_file"], ["api_key", "k"]))).toEqual({ type: "tool", value: "read_file" });
    expect(suspectValue(withEntities(["host", "web-1"], ["application", "a"], ["secret", ""]))).toBeNull();
    expect(suspectValue({})).toBeNull();
  });
});

describe("readFinding", () => {
  it("reads the process chain, the nearest process first", () => {
    const finding = readFinding({
      actor: { process: { pid: 9, file: { path: "/usr/bin/node" }, cmd_line: "node app.js", parent_process: { pid: 1, name: "systemd" } } },
    });
    expect(finding.processes.map((process) => [process.name, process.pid])).toEqual([["node", "9"], ["systemd", "1"]]);
  });

  it("takes parents from Sonde's own list where OCSF has none", () => {
    const finding = readFinding({
      actor: { process: { pid: 9, name: "node" } },
      unmapped: { sonde: { process: { parents: [{ pid: 2, exe: "/bin/bash" }] } } },
    });
    expect(finding.processes.map((process) => process.name)).toEqual(["node", "bash"]);
  });

  it("does not follow a process chain for ever", () => {
    let process: { [key: string]: Json } = { pid: 0, name: "p" };
    for (let pid = 1; pid < 500; pid++) process = { pid, name: "p", parent_process: process };
    expect(readFinding({ actor: { process } }).processes.length).toBeLessThanOrEqual(16);
  });

  it("joins the parts of a message and knows zones by role", () => {
    const finding = readFinding({
      unmapped: { sonde: { context: [
        { role: "human", parts: [{ type: "text", content: "hello" }] },
        { role: "assistant", parts: [{ type: "tool_call", name: "send", arguments: { to: "x" } }] },
        { role: "function", text: "result", index: 7 },
      ] } },
    });
    expect(finding.messages.map((message) => [message.zone, message.text, message.index])).toEqual([
      ["user", "hello", 0], ["assistant", 'send {"to":"x"}', 1], ["tool", "result", 7],
    ]);
  });

  it("reads evidence from Sonde's field, else from OCSF evidences", () => {
    expect(readFinding({ unmapped: { sonde: { evidence: { text: "x", start: 1, end: 2, message_index: 3 } } } }).evidence)
      .toEqual({ text: "x", start: 1, end: 2, messageIndex: 3 });
    expect(readFinding({ evidences: [{ data: { text: "y" } }] }).evidence.text).toBe("y");
  });

  it("lists each technique once", () => {
    const finding = readFinding({
      finding_info: { attacks: [{ technique: { uid: "AML.T0051", name: "LLM Prompt Injection" }, tactic: { name: "Execution" } }] },
      unmapped: { sonde: { atlas: ["AML.T0051", "AML.T0054"] } },
    });
    expect(finding.techniques.map((technique) => technique.id)).toEqual(["AML.T0051", "AML.T0054"]);
  });

  it("survives anything that is JSON", () => {
    const strange: Json[] = [null, 1, "x", [], {}, { actor: 5, container: [], unmapped: { sonde: "no" } }, { evidences: {}, finding_info: { attacks: 3 } },
      { unmapped: { sonde: { context: [null, 4, "text", { parts: [null, 7] }], evidence: [] } } }, { __proto__: { actor: 1 } }];
    for (const value of strange) expect(() => readFinding(value)).not.toThrow();
  });

  it("ignores inherited names", () => {
    expect(readFinding({ unmapped: { sonde: {} } }).data).toEqual({});
    expect(readFinding({ unmapped: {} }).detector).toBe("");
  });
});
