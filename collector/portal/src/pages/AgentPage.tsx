import { Page } from "../ui/Page";

export function AgentPage(_: { parameters: Record<string, string> }) {
  return <Page title="Agent">{null}</Page>;
}
