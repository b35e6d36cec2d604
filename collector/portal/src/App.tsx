import type { ComponentType } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";

import { ApiError, setCsrfToken, whenUnauthorized } from "./api/client";
import { startEvents, stopEvents } from "./api/events";
import { logout, me as loadMe } from "./api/resources";
import type { Me } from "./api/types";
import { toApiError } from "./lib/hooks";
import { match, useLocation, type Route } from "./lib/router";
import { SessionContext } from "./lib/session";
import { AgentPage } from "./pages/AgentPage";
import { AlertPage } from "./pages/AlertPage";
import { AlertsPage } from "./pages/AlertsPage";
import { AuditPage } from "./pages/AuditPage";
import { CoveragePage } from "./pages/CoveragePage";
import { FleetPage } from "./pages/FleetPage";
import { IncidentPage } from "./pages/IncidentPage";
import { IncidentsPage } from "./pages/IncidentsPage";
import { InventoryPage } from "./pages/InventoryPage";
import { LoginPage } from "./pages/LoginPage";
import { NotFoundPage } from "./pages/NotFoundPage";
import { NewPasswordPage } from "./pages/NewPasswordPage";
import { OverviewPage } from "./pages/OverviewPage";
import { PoliciesPage } from "./pages/PoliciesPage";
import { PolicyPage } from "./pages/PolicyPage";
import { SettingsPage } from "./pages/SettingsPage";
import { Shell } from "./ui/Shell";
import { ErrorState } from "./ui/States";
import { Toasts } from "./ui/Toast";

export type PageProps = { parameters: Record<string, string> };

const kRoutes: readonly Route<ComponentType<PageProps>>[] = [
  { pattern: "/", page: OverviewPage },
  { pattern: "/alerts", page: AlertsPage },
  { pattern: "/alerts/:uid", page: AlertPage },
  { pattern: "/incidents", page: IncidentsPage },
  { pattern: "/incidents/:uid", page: IncidentPage },
  { pattern: "/inventory", page: InventoryPage },
  { pattern: "/coverage", page: CoveragePage },
  { pattern: "/fleet", page: FleetPage },
  { pattern: "/fleet/:agent", page: AgentPage },
  { pattern: "/policies", page: PoliciesPage },
  { pattern: "/policies/:version", page: PolicyPage },
  { pattern: "/settings", page: SettingsPage },
  { pattern: "/audit", page: AuditPage },
];

type State =
  | { kind: "starting" }
  | { kind: "failed"; error: ApiError }
  | { kind: "out"; expired: boolean }
  | { kind: "in"; me: Me };

function useSessionState() {
  const [state, setState] = useState<State>({ kind: "starting" });
  const enter = useCallback((me: Me) => {
    setCsrfToken(me.csrf_token);
    setState({ kind: "in", me });
    if (!me.must_change_password) startEvents();
  }, []);
  const leave = useCallback((expired: boolean) => {
    stopEvents();
    setCsrfToken("");
    setState({ kind: "out", expired });
  }, []);
  const start = useCallback(() => {
    setState({ kind: "starting" });
    loadMe().then(enter, (error: unknown) => {
      const known = toApiError(error);
      if (known.status === 401) leave(false);
      else setState({ kind: "failed", error: known });
    });
  }, []);
  useEffect(() => {
    whenUnauthorized(() => leave(true));
    start();
  }, []);
  return { state, enter, leave, start };
}

export function App() {
  const { state, enter, leave, start } = useSessionState();
  const { path } = useLocation();
  const signOut = useCallback(() => {
    logout().catch(() => undefined).finally(() => leave(false));
  }, []);
  const session = useMemo(() => (state.kind === "in" ? { me: state.me, signOut, renew: enter } : null), [state]);

  if (state.kind === "starting") return <div class="progress-line" role="progressbar" aria-label="Loading" />;
  if (state.kind === "failed") return <main class="login"><ErrorState error={state.error} retry={start} heading="h1" /></main>;
  if (!session) return <LoginPage expired={state.kind === "out" && state.expired} onLogin={enter} />;

  if (session.me.must_change_password) {
    return <SessionContext.Provider value={session}><NewPasswordPage /></SessionContext.Provider>;
  }

  const found = match(kRoutes, path);
  const Page = found?.page ?? NotFoundPage;
  return (
    <SessionContext.Provider value={session}>
      <Shell>
        <Page key={path} parameters={found?.parameters ?? {}} />
      </Shell>
      <Toasts />
    </SessionContext.Provider>
  );
}
