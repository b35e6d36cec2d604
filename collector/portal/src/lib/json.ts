// Reading JSON that nobody vouches for: every step may be missing or of another type.
import type { Json } from "../api/types";

export type JsonObject = { [key: string]: Json };

export function object(value: Json | undefined): JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
}

export function array(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

export function at(value: Json | undefined, ...path: string[]): Json | undefined {
  let current: Json | undefined = value;
  for (const key of path) {
    const fields = object(current);
    current = Object.hasOwn(fields, key) ? fields[key] : undefined;
  }
  return current;
}

/** Text of a string or number, else "". */
export function text(value: Json | undefined): string {
  if (typeof value === "string") return value;
  return typeof value === "number" ? String(value) : "";
}

export function number(value: Json | undefined): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function firstText(...values: (Json | undefined)[]): string {
  for (const value of values) {
    const found = text(value);
    if (found) return found;
  }
  return "";
}
