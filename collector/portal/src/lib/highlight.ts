// Marks a span of a text. Agents count Unicode code points, JavaScript UTF-16 units.

/** End exclusive. */
export interface Span { start: number; end: number }

/** `span`, in code points, as offsets in UTF-16 units of `text`; null where it does not lie in it. */
export function inUnits(text: string, span: Span | null): Span | null {
  if (!span) return null;
  const start = utf16Offset(text, span.start);
  const end = start === null ? null : utf16Offset(text, span.end);
  return start === null || end === null ? null : { start, end };
}

function utf16Offset(text: string, codePoints: number): number | null {
  let unit = 0;
  for (let seen = 0; seen < codePoints; seen++) {
    if (unit >= text.length) return null;
    unit += (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1;
  }
  return unit;
}

export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
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
