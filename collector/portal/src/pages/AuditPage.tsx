import { Page } from "../ui/Page";

export function AuditPage(_: { parameters: Record<string, string> }) {
  return <Page title="Audit">{null}</Page>;
}
