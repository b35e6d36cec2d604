import { describe, expect, it } from "vitest";

import { excerpt, locate, type Evidence } from "../src/lib/highlight";

const evidence = (fields: Partial<Evidence>): Evidence => ({ text: "", start: null, end: null, messageIndex: null, ...fields });
const marked = (text: string, e: Evidence) => {
  const span = locate(text, e);
  return span && text.slice(span.start, span.end);
};

describe("locate", () => {
  it("counts code points, not UTF-16 units", () => {
    const text = "👩👩 send it now";
    expect(marked(text, evidence({ text: "send it", start: 3, end: 10 }))).toBe("send it");
  });

  it("finds the text where the offsets are off, nearest to them", () => {
    const text = "key ... key ... key";
    const span = locate(text, evidence({ text: "key", start: 9, end: 12 }));
    expect(span).toEqual({ start: 8, end: 11 });
  });

  it("finds the text without offsets", () => {
    expect(marked("read the key aloud", evidence({ text: "the key" }))).toBe("the key");
  });

  it("trusts offsets where the evidence is masked otherwise than the message", () => {
    expect(marked("the AKIA****WXYZ key", evidence({ text: "AKIA[...]", start: 4, end: 16 }))).toBe("AKIA****WXYZ");
  });

  it("answers null where nothing fits", () => {
    expect(locate("short", evidence({ text: "not there", start: 40, end: 50 }))).toBeNull();
    expect(locate("short", evidence({ text: "not there", start: 3, end: 3 }))).toBeNull();
    expect(locate("short", evidence({ text: "x", start: -1, end: 2 }))).toBeNull();
    expect(locate("", evidence({}))).toBeNull();
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
