import { describe, expect, it } from "vitest";

import { codePoints, excerpt, inUnits } from "../src/lib/highlight";

describe("inUnits", () => {
  it("counts code points, not UTF-16 units", () => {
    const text = "👩👩 send it now";
    const span = inUnits(text, { start: 3, end: 10 });
    expect(span && text.slice(span.start, span.end)).toBe("send it");
    expect(codePoints(text)).toBe(14);
  });

  it("answers null where the span is not in the text", () => {
    expect(inUnits("short", { start: 40, end: 50 })).toBeNull();
    expect(inUnits("short", { start: 3, end: 6 })).toBeNull();
    expect(inUnits("", { start: 0, end: 1 })).toBeNull();
    expect(inUnits("short", null)).toBeNull();
  });
});

describe("excerpt", () => {
  const long = `${"before ".repeat(100)}EVIL${" after".repeat(100)}`;

  it("keeps every character, shown or counted", () => {
    const span = { start: long.indexOf("EVIL"), end: long.indexOf("EVIL") + 4 };
    for (const margin of [0, 1, 10, 33, 5000, Infinity]) {
      const part = excerpt(long, span, margin);
      expect(part.marked).toBe("EVIL");
      expect(part.omittedBefore + part.before.length + 4 + part.after.length + part.omittedAfter).toBe(long.length);
      expect(long.slice(part.omittedBefore, long.length - part.omittedAfter)).toBe(part.before + "EVIL" + part.after);
    }
  });

  it("shows the beginning where nothing is marked", () => {
    const part = excerpt(long, null, 50);
    expect(part.omittedBefore).toBe(0);
    expect(part.marked).toBe("");
    expect(long.startsWith(part.before + part.after)).toBe(true);
    expect(part.after.length).toBeGreaterThan(50);
  });

  it("does not cut a surrogate pair in two", () => {
    const text = "👩".repeat(200);
    const part = excerpt(text, null, 33);
    expect(part.after.length % 2).toBe(0);
  });
});
