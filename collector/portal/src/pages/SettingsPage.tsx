import type { ComponentType } from "preact";

import { useLocation } from "../lib/router";
import { useAllowed } from "../lib/session";
import { Page } from "../ui/Page";
import { Tabs } from "../ui/Tabs";
import { AccountSettings } from "./settings/AccountSettings";
import { ExportSettings } from "./settings/ExportSettings";
import { SuppressionSettings } from "./settings/SuppressionSettings";
import { TokenSettings } from "./settings/TokenSettings";
import { UserSettings } from "./settings/UserSettings";

const kTabs: Record<string, ComponentType> = {
  suppressions: SuppressionSettings,
  users: UserSettings,
  exports: ExportSettings,
  tokens: TokenSettings,
  account: AccountSettings,
};

export function SettingsPage() {
  const { query } = useLocation();
  const admin = useAllowed("admin");
  const tabs = [
    { key: "suppressions", label: "Suppressions" },
    { key: "users", label: "Users" },
    { key: "exports", label: "Exports" },
    ...(admin ? [{ key: "tokens", label: "API tokens" }] : []),
    { key: "account", label: "Your account" },
  ];
  const current = tabs.find((tab) => tab.key === query.get("tab"))?.key ?? "suppressions";
  const Current = kTabs[current] ?? SuppressionSettings;
  return (
    <Page title="Settings">
      <Tabs label="Settings" tabs={tabs} current={current} link={(key) => `/settings?tab=${key}`} />
      <Current />
    </Page>
  );
}
