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

  it("reads the conversation as agents send it", () => {
    const finding = readFinding({
      unmapped: { sonde: { conversation: [
        { message_index: 2, zone: "user", kind: "message", length: 31 },
        { message_index: 3, zone: "tool", kind: "tool_result", tool: "read_mail", length: 900, text: "do it", cause: true, highlight: { start: 3, end: 5 } },
        { message_index: 4, zone: "assistant", kind: "tool_call", tool: "send", length: 4, text: "{}", suspicious: true, highlight: { start: 2, end: 2 } },
      ] } },
    });
    expect(finding.messages).toEqual([
      { zone: "user", kind: "message", tool: "", text: "", length: 31, highlight: null, suspicious: false, cause: false },
      { zone: "tool", kind: "tool_result", tool: "read_mail", text: "do it", length: 900, highlight: { start: 3, end: 5 }, suspicious: false, cause: true },
      { zone: "assistant", kind: "tool_call", tool: "send", text: "{}", length: 4, highlight: null, suspicious: true, cause: false },
    ]);
  });

  it("reads evidence from Sonde's field, else from OCSF evidences", () => {
    expect(readFinding({ unmapped: { sonde: { evidence: { text: "xyz", highlight: { start: 1, end: 2 } } } } }).evidence)
      .toEqual({ text: "xyz", highlight: { start: 1, end: 2 } });
    expect(readFinding({ evidences: [{ data: { text: "y" } }] }).evidence).toEqual({ text: "y", highlight: null });
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
      { unmapped: { sonde: { conversation: [null, 4, "text", { zone: [], highlight: "x" }], evidence: [] } } }, { __proto__: { actor: 1 } }];
    for (const value of strange) expect(() => readFinding(value)).not.toThrow();
  });

  it("ignores inherited names", () => {
    expect(readFinding({ unmapped: { sonde: {} } }).data).toEqual({});
    expect(readFinding({ unmapped: {} }).detector).toBe("");
  });
});
