// The order of the list an alert was opened from, for "next" and "previous" on the alert page.

let order: string[] = [];

export function rememberOrder(uids: string[]): void {
  order = uids;
}

export function neighbour(uid: string, step: 1 | -1): string | null {
  const at = order.indexOf(uid);
  return at < 0 ? null : order[at + step] ?? null;
}

export function position(uid: string): { at: number; of: number } | null {
  const at = order.indexOf(uid);
  return at < 0 ? null : { at: at + 1, of: order.length };
}
