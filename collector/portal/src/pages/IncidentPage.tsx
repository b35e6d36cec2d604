import { Page } from "../ui/Page";

export function IncidentPage(_: { parameters: Record<string, string> }) {
  return <Page title="Incident">{null}</Page>;
}
