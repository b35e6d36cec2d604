import { expect, test } from "vitest";

import { diffLines } from "../src/lib/diff";

const shown = (before: string, after: string) =>
  diffLines(before, after).map((line) => ({ same: " ", added: "+", removed: "-" })[line.kind] + line.text);

test("what is common stays, what is not is taken out and put in", () => {
  expect(shown("a\nb\nc\n", "a\nx\nc\nd\n")).toEqual([" a", "-b", "+x", " c", "+d"]);
});

test("nothing and something", () => {
  expect(shown("", "a\nb\n")).toEqual(["+a", "+b"]);
  expect(shown("a\n", "")).toEqual(["-a"]);
  expect(shown("a\n", "a")).toEqual([" a"]);
});

test("both texts can be read out of every difference", () => {
  const texts = ["a\nb\nc", "c\nb\na", "a\na\na", "x\na\nb\ny\nc", ""];
  for (const before of texts) {
    for (const after of texts) {
      const lines = diffLines(before, after);
      expect(lines.filter((line) => line.kind !== "added").map((line) => line.text).join("\n")).toBe(before);
      expect(lines.filter((line) => line.kind !== "removed").map((line) => line.text).join("\n")).toBe(after);
    }
  }
});
