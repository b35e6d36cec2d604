import type { ComponentChildren } from "preact";

export interface Column<T> {
  head: string;
  cell: (row: T) => ComponentChildren;
  number?: boolean;
}

export function Table<T>({ label, columns, rows, rowKey }: {
  label: string; columns: Column<T>[]; rows: T[]; rowKey: (row: T) => string | number;
}) {
  return (
    <div class="table-wrap" tabIndex={0} role="region" aria-label={label}>
      <table class="table">
        <thead><tr>{columns.map((column) => <th key={column.head} scope="col" class={column.number ? "number" : ""}>{column.head || <span class="hidden-visually">Actions</span>}</th>)}</tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => <td key={column.head} class={column.number ? "number" : ""}>{column.cell(row)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
