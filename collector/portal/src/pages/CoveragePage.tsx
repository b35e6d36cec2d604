import { Page } from "../ui/Page";

export function CoveragePage(_: { parameters: Record<string, string> }) {
  return <Page title="Coverage">{null}</Page>;
}
