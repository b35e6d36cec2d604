import { createContext } from "preact";
import { useContext } from "preact/hooks";

import type { Me, Role } from "../api/types";

export interface Session {
  me: Me;
  signOut: () => void;
  /** Another session of the same person takes the place of this one. */
  renew: (me: Me) => void;
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("used outside of a session");
  return session;
}

const kRank: Record<Role, number> = { agent: -1, viewer: 0, analyst: 1, admin: 2 };

/** Roles contain one another; the collector decides, this only hides what it would refuse. */
export function allows(role: Role, least: Role): boolean {
  return kRank[role] >= kRank[least] && kRank[role] >= 0;
}

export function useAllowed(least: Role): boolean {
  return allows(useSession().me.role, least);
}
