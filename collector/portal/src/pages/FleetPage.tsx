import { Page } from "../ui/Page";

export function FleetPage(_: { parameters: Record<string, string> }) {
  return <Page title="Fleet">{null}</Page>;
}
