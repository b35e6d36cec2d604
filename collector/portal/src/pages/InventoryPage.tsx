import { Page } from "../ui/Page";

export function InventoryPage(_: { parameters: Record<string, string> }) {
  return <Page title="Inventory">{null}</Page>;
}
