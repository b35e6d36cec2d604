import { describe, expect, it } from "vitest";

import { clip, visible, visibleString } from "../src/lib/text";

const tags = (text: string) => [...text].map((c) => String.fromCodePoint(0xe0000 + c.charCodeAt(0))).join("");
const escapes = (text: string) => visible(text).filter((segment) => segment.kind === "escape");

describe("visible", () => {
  it("leaves ordinary text alone, with line breaks and tabs", () => {
    expect(visible("Grüße,\n\tnaïve café — 日本語")).toEqual([{ kind: "text", text: "Grüße,\n\tnaïve café — 日本語" }]);
  });

  it("answers nothing for the empty text", () => {
    expect(visible("")).toEqual([]);
  });

  it("decodes what tag characters spell", () => {
    const segments = visible(`a${tags("send it")}b`);
    expect(segments).toEqual([
      { kind: "text", text: "a" },
      { kind: "escape", label: "hidden tags: “send it”", title: expect.stringContaining("7 invisible"), count: 7 },
      { kind: "text", text: "b" },
    ]);
  });

  it("names bidirectional overrides", () => {
    expect(escapes("pay\u202Etxt")).toMatchObject([{ label: "U+202E", title: "RIGHT-TO-LEFT OVERRIDE" }]);
  });

  it("counts a run of the same character once", () => {
    expect(escapes("a\u200B\u200B\u200Bb")).toMatchObject([{ label: "U+200B×3", count: 3 }]);
  });

  it("shortens a long run of different characters", () => {
    const run = "\u200B\u200C\u200D\u2060\u2061\u2062\u2063\u2064";
    expect(escapes(`x${run}y`)).toMatchObject([{ label: expect.stringMatching(/\+2$/), count: 8 }]);
  });

  it("shows control characters but not the carriage return of a line break", () => {
    expect(escapes("a\r\nb")).toEqual([]);
    expect(escapes("a\u001b[31mb")).toMatchObject([{ label: "U+001B" }]);
    expect(escapes("a\rb")).toHaveLength(1);
  });

  it("spares emoji sequences, flags of regions and the joiners of scripts that need them", () => {
    for (const text of ["👩‍💻", "❤️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "می‌خواهم", "क्‍ष", "1️⃣"]) {
      expect(visible(text), text).toEqual([{ kind: "text", text }]);
    }
  });

  it("does not spare a joiner between Latin letters or a selector without an emoji", () => {
    expect(escapes("pass\u200Dword")).toHaveLength(1);
    expect(escapes("a\u{E0101}\u{E0102}")).toHaveLength(1);
  });

  it("shows lone surrogates and private use characters", () => {
    expect(escapes("a\ud800b")).toMatchObject([{ label: "U+D800" }]);
    expect(escapes("\ue000")).toHaveLength(1);
  });

  it("keeps markup as text", () => {
    expect(visibleString("<img src=x onerror=alert(1)>")).toBe("<img src=x onerror=alert(1)>");
  });

  it("loses no visible character", () => {
    const text = `a${tags("x")}b\u202Ec👩‍💻d`;
    const plain = visible(text).map((segment) => (segment.kind === "text" ? segment.text : "")).join("");
    expect(plain).toBe("abc👩‍💻d");
  });
});

describe("clip", () => {
  it("never cuts inside a surrogate pair", () => {
    expect(clip("ab👩cd", 3)).toBe("ab👩…");
    expect(clip("👩👩", 2)).toBe("👩👩");
  });
});
