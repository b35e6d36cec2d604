// Times are shown twice: how long ago (what an analyst thinks in) and when exactly (what a report
// needs), in the reader's own zone.

const kSecond = 1000;
const kMinute = 60 * kSecond;
const kHour = 60 * kMinute;
const kDay = 24 * kHour;

export function relative(time: number, now: number): string {
  const age = now - time;
  if (age < -kMinute) return `in ${span(-age)}`;
  if (age < 10 * kSecond) return "just now";
  return `${span(age)} ago`;
}

/** A duration in one unit, the one people would say: "95 min", "3 h", "4 d". */
export function span(milliseconds: number): string {
  if (milliseconds < kMinute) return `${Math.max(0, Math.floor(milliseconds / kSecond))} s`;
  if (milliseconds < 2 * kHour) return `${Math.floor(milliseconds / kMinute)} min`;
  if (milliseconds < 2 * kDay) return `${Math.floor(milliseconds / kHour)} h`;
  return `${Math.floor(milliseconds / kDay)} d`;
}

const two = (value: number) => String(value).padStart(2, "0");

/** Local time as "2026-11-23 14:05:09". */
export function absolute(time: number): string {
  const date = new Date(time);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(time)}`;
}

export function clock(time: number): string {
  const date = new Date(time);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function day(time: number): string {
  return absolute(time).slice(0, 10);
}

export const kPeriods = [
  { key: "1h", label: "Last hour", ms: kHour },
  { key: "24h", label: "Last 24 hours", ms: kDay },
  { key: "7d", label: "Last 7 days", ms: 7 * kDay },
  { key: "30d", label: "Last 30 days", ms: 30 * kDay },
  { key: "90d", label: "Last 90 days", ms: 90 * kDay },
] as const;

export function periodStart(key: string, now: number): number | null {
  const period = kPeriods.find((candidate) => candidate.key === key);
  return period ? now - period.ms : null;
}
