// Finds the evidence inside its message. Offsets count Unicode code points, as everywhere in Sonde.

export interface Evidence {
  text: string;
  start: number | null;
  end: number | null;
  messageIndex: number | null;
}

export interface Span { start: number; end: number }

/** Offsets in UTF-16 units of `text`, or null where the evidence does not stand in it. */
export function locate(text: string, evidence: Evidence): Span | null {
  const byOffset = fromCodePoints(text, evidence.start, evidence.end);
  const wanted = evidence.text;
  if (byOffset && (!wanted || text.slice(byOffset.start, byOffset.end) === wanted)) return byOffset;
  if (wanted) {
    const at = nearest(text, wanted, byOffset?.start ?? 0);
    if (at >= 0) return { start: at, end: at + wanted.length };
  }
  // The message may be redacted otherwise than the evidence: then the offsets are the better word.
  return byOffset;
}

function fromCodePoints(text: string, start: number | null, end: number | null): Span | null {
  if (start === null || end === null || start < 0 || end <= start) return null;
  const from = utf16Offset(text, start);
  const to = utf16Offset(text, end);
  return from === null || to === null ? null : { start: from, end: to };
}

function utf16Offset(text: string, codePoints: number): number | null {
  let unit = 0;
  for (let seen = 0; seen < codePoints; seen++) {
    if (unit >= text.length) return null;
    unit += (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1;
  }
  return unit;
}

function nearest(text: string, wanted: string, around: number): number {
  const after = text.indexOf(wanted, around);
  const before = text.lastIndexOf(wanted, around);
  if (after < 0) return before;
  if (before < 0) return after;
  return around - before <= after - around ? before : after;
}

export interface Excerpt {
  before: string;
  marked: string;
  after: string;
  /** UTF-16 units left out on either side. */
  omittedBefore: number;
  omittedAfter: number;
}

/** The marked span with at most `margin` units around it, cut at white space where there is some. */
export function excerpt(text: string, span: Span | null, margin: number): Excerpt {
  const start = span?.start ?? 0;
  const end = span?.end ?? 0;
  const from = softCut(text, Math.max(0, start - margin), 1);
  const to = softCut(text, Math.min(text.length, end + (span ? margin : 2 * margin)), -1);
  return {
    before: text.slice(Math.min(from, start), start),
    marked: text.slice(start, end),
    after: text.slice(end, Math.max(to, end)),
    omittedBefore: Math.min(from, start),
    omittedAfter: text.length - Math.max(to, end),
  };
}

function softCut(text: string, at: number, direction: 1 | -1): number {
  if (at <= 0 || at >= text.length) return Math.max(0, Math.min(at, text.length));
  for (let step = 0; step < 24; step++) {
    const candidate = at + step * direction;
    if (candidate <= 0 || candidate >= text.length) break;
    if (/\s/.test(text.charAt(candidate))) return candidate;
  }
  const low = text.charCodeAt(at);
  return low >= 0xdc00 && low <= 0xdfff ? at + direction : at;
}
