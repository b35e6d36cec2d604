import { Page } from "../ui/Page";
import { Empty } from "../ui/States";

export function NotFoundPage() {
  return (
    <Page title="Not found">
      <div class="card">
        <Empty title="There is no such page"><a class="button" href="/">Overview</a></Empty>
      </div>
    </Page>
  );
}
