// Captured text is chosen by an attacker. It is shown as text nodes only, and what the eye cannot
// see (format characters, tags, bidirectional overrides, controls) is shown as an escape.

export type Segment =
  | { kind: "text"; text: string }
  /** `label` stands for `count` code points that would be invisible or misleading. */
  | { kind: "escape"; label: string; title: string; count: number };

const kNames: Record<number, string> = {
  0x00ad: "SOFT HYPHEN",
  0x034f: "COMBINING GRAPHEME JOINER",
  0x061c: "ARABIC LETTER MARK",
  0x115f: "HANGUL CHOSEONG FILLER",
  0x1160: "HANGUL JUNGSEONG FILLER",
  0x180e: "MONGOLIAN VOWEL SEPARATOR",
  0x200b: "ZERO WIDTH SPACE",
  0x200c: "ZERO WIDTH NON-JOINER",
  0x200d: "ZERO WIDTH JOINER",
  0x200e: "LEFT-TO-RIGHT MARK",
  0x200f: "RIGHT-TO-LEFT MARK",
  0x2028: "LINE SEPARATOR",
  0x2029: "PARAGRAPH SEPARATOR",
  0x202a: "LEFT-TO-RIGHT EMBEDDING",
  0x202b: "RIGHT-TO-LEFT EMBEDDING",
  0x202c: "POP DIRECTIONAL FORMATTING",
  0x202d: "LEFT-TO-RIGHT OVERRIDE",
  0x202e: "RIGHT-TO-LEFT OVERRIDE",
  0x2060: "WORD JOINER",
  0x2066: "LEFT-TO-RIGHT ISOLATE",
  0x2067: "RIGHT-TO-LEFT ISOLATE",
  0x2068: "FIRST STRONG ISOLATE",
  0x2069: "POP DIRECTIONAL ISOLATE",
  0x2800: "BRAILLE PATTERN BLANK",
  0x3164: "HANGUL FILLER",
  0xfeff: "ZERO WIDTH NO-BREAK SPACE",
  0xffa0: "HALFWIDTH HANGUL FILLER",
};

const kSuspicious =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u2800\ufff9-\ufffb]|\p{Default_Ignorable_Code_Point}|\p{Cf}|\p{Co}|\p{Cs}/u;
/** Flags of England, Texas and the like end in tag characters that are part of one emoji. */
const kSubdivisionFlag = /\u{1F3F4}[\u{E0061}-\u{E007A}]{2}[\u{E0030}-\u{E0039}\u{E0061}-\u{E007A}]{1,3}\u{E007F}/gu;
const kPictographic = /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f|[0-9#*]/u;
const kJoiningScript =
  /[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gujarati}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Oriya}\p{Script=Sinhala}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Syriac}\p{Script=Mongolian}]|\p{M}/u;

function codePoint(text: string | undefined): number {
  return text?.codePointAt(0) ?? 0;
}

const isTag = (code: number) => code >= 0xe0000 && code <= 0xe007f;

/** Joiners and selectors that ordinary writing needs are spared. */
function isOrdinary(code: number, before: string | undefined, after: string | undefined): boolean {
  if (code === 0xfe0f || code === 0xfe0e) return before !== undefined && kPictographic.test(before);
  if (code === 0x200d || code === 0x200c) {
    if (before === undefined || after === undefined) return false;
    if (code === 0x200d && kPictographic.test(before) && kPictographic.test(after)) return true;
    return kJoiningScript.test(before) && kJoiningScript.test(after);
  }
  return false;
}

function hex(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Tag characters mirror ASCII: what they spell is the message that was hidden. */
function tagEscape(codes: number[]): Segment {
  const hidden = codes
    .filter((code) => code >= 0xe0020 && code <= 0xe007e)
    .map((code) => String.fromCharCode(code - 0xe0000))
    .join("");
  return {
    kind: "escape",
    label: `hidden tags: “${hidden}”`,
    title: `${codes.length} invisible Unicode tag characters (U+E0000 to U+E007F)`,
    count: codes.length,
  };
}

function runEscape(codes: number[]): Segment {
  const first = codes[0] ?? 0;
  const same = codes.every((code) => code === first);
  const name = kNames[first] ?? (first < 0xa0 ? "CONTROL CHARACTER" : "INVISIBLE CHARACTER");
  if (same) {
    const times = codes.length > 1 ? `×${codes.length}` : "";
    return { kind: "escape", label: hex(first) + times, title: name, count: codes.length };
  }
  const shown = codes.slice(0, 6).map(hex).join(" ");
  const more = codes.length > 6 ? ` +${codes.length - 6}` : "";
  return {
    kind: "escape",
    label: shown + more,
    title: `${codes.length} invisible characters`,
    count: codes.length,
  };
}

/** Code points of text in order; a subdivision flag counts as one character. */
function characters(text: string): string[] {
  const result: string[] = [];
  let from = 0;
  for (const flag of text.matchAll(kSubdivisionFlag)) {
    for (const character of text.slice(from, flag.index)) result.push(character);
    result.push(flag[0]);
    from = flag.index + flag[0].length;
  }
  for (const character of text.slice(from)) result.push(character);
  return result;
}

function isHidden(character: string, before: string | undefined, after: string | undefined): boolean {
  if (Array.from(character).length > 1 || !kSuspicious.test(character)) return false;
  return !isOrdinary(codePoint(character), before, after);
}

class SegmentBuilder {
  readonly segments: Segment[] = [];
  private plain = "";
  private run: number[] = [];

  addPlain(character: string): void {
    this.flushRun();
    this.plain += character;
  }

  addHidden(code: number): void {
    if (this.run.length && isTag(this.run[0] ?? 0) !== isTag(code)) this.flushRun();
    if (this.plain) this.segments.push({ kind: "text", text: this.plain });
    this.plain = "";
    this.run.push(code);
  }

  finish(): Segment[] {
    this.flushRun();
    if (this.plain) this.segments.push({ kind: "text", text: this.plain });
    return this.segments;
  }

  private flushRun(): void {
    if (!this.run.length) return;
    this.segments.push(isTag(this.run[0] ?? 0) ? tagEscape(this.run) : runEscape(this.run));
    this.run = [];
  }
}

/** Splits text into what can be shown as it is and escapes for what cannot be seen. */
export function visible(text: string): Segment[] {
  if (!kSuspicious.test(text)) return text ? [{ kind: "text", text }] : [];
  const builder = new SegmentBuilder();
  const all = characters(text.replace(/\r\n/g, "\n"));
  all.forEach((character, index) => {
    if (isHidden(character, all[index - 1], all[index + 1])) builder.addHidden(codePoint(character));
    else builder.addPlain(character);
  });
  return builder.finish();
}

/** The same as one string, for attributes and clipboards that must not carry surprises. */
export function visibleString(text: string): string {
  return visible(text)
    .map((segment) => (segment.kind === "text" ? segment.text : `⟦${segment.label}⟧`))
    .join("");
}

/** Cuts by code points, never inside a surrogate pair. */
export function clip(text: string, codePoints: number): string {
  if (text.length <= codePoints) return text;
  const characters = Array.from(text);
  return characters.length <= codePoints ? text : `${characters.slice(0, codePoints).join("")}…`;
}

export function count(value: number, one: string, many = `${one}s`): string {
  return `${formatNumber(value)} ${value === 1 ? one : many}`;
}

const numberFormat = new Intl.NumberFormat("en");
const compactFormat = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const formatNumber = (value: number) => numberFormat.format(value);
export const formatCompact = (value: number) =>
  value < 10_000 ? numberFormat.format(value) : compactFormat.format(value);
