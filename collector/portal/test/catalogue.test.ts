import { describe, expect, it } from "vitest";

import { alertNames, describe as describeAlert } from "../src/lib/catalogue";
import { atlas, owasp } from "../src/lib/taxonomy";

describe("the catalogue", () => {
  it("speaks a whole sentence for every alert, with and without facts", () => {
    for (const name of alertNames) {
      const info = describeAlert(name);
      for (const facts of [{ application: "", model: "", host: "", tool: "" }, { application: "bot", model: "m", host: "h", tool: "t" }]) {
        const sentence = info.headline(facts);
        expect(sentence, name).toMatch(/\.$/);
        expect(sentence, name).not.toMatch(/undefined|  | \./);
      }
      expect(info.why, name).not.toBe("");
      expect(info.steps.length, name).toBeGreaterThan(0);
    }
  });

  it("has words for a user rule", () => {
    expect(describeAlert("custom.internal_codename").label).toBe("Internal codename");
    expect(describeAlert("custom.x", "Codename in a prompt").headline({ application: "", model: "", host: "", tool: "" })).toBe("Codename in a prompt");
  });

  it("does not take inherited names for alerts", () => {
    expect(describeAlert("constructor").steps).toEqual([]);
    expect(describeAlert("toString").label).toBe("ToString");
  });
});

describe("references", () => {
  it("names techniques with and without prefix", () => {
    expect(atlas("T0051.001")).toMatchObject({ id: "AML.T0051.001", name: "LLM Prompt Injection: Indirect" });
    expect(atlas("AML.T9999", "From the agent").name).toBe("From the agent");
  });

  it("tells the two OWASP lists apart", () => {
    expect(owasp("LLM01")).toMatchObject({ name: "Prompt Injection", framework: "OWASP LLM Top 10" });
    expect(owasp("ASI05").framework).toBe("OWASP Agentic Top 10");
    expect(owasp("LLM01:2025").id).toBe("LLM01");
  });

  it("cannot be made to leave its host", () => {
    expect(new URL(atlas("../../evil?x=//host").url).host).toBe("atlas.mitre.org");
  });
});
