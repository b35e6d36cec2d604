import { useLocation } from "../lib/router";
import { useAllowed } from "../lib/session";
import { Page } from "../ui/Page";
import { Tabs } from "../ui/Tabs";
import { SuppressionSettings } from "./settings/SuppressionSettings";
import { TokenSettings } from "./settings/TokenSettings";
import { UserSettings } from "./settings/UserSettings";

export function SettingsPage() {
  const { query } = useLocation();
  const admin = useAllowed("admin");
  const tabs = [
    { key: "suppressions", label: "Suppressions" },
    { key: "users", label: "Users" },
    ...(admin ? [{ key: "tokens", label: "API tokens" }] : []),
  ];
  const current = tabs.find((tab) => tab.key === query.get("tab"))?.key ?? "suppressions";
  return (
    <Page title="Settings">
      <Tabs label="Settings" tabs={tabs} current={current} link={(key) => `/settings?tab=${key}`} />
      {current === "tokens" ? <TokenSettings /> : current === "users" ? <UserSettings /> : <SuppressionSettings />}
    </Page>
  );
}
