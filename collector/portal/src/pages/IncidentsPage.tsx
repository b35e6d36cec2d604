import { Page } from "../ui/Page";

export function IncidentsPage(_: { parameters: Record<string, string> }) {
  return <Page title="Incidents">{null}</Page>;
}
