import { Page } from "../ui/Page";

export function SettingsPage(_: { parameters: Record<string, string> }) {
  return <Page title="Settings">{null}</Page>;
}
