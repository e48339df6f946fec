import type { ComponentChildren, JSX } from 'preact'

interface TableProps<Row> {
  /** What is in it, for who does not see the heading above it. */
  readonly label: string
  readonly columns: readonly (readonly [key: string, title: string])[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row, i: number) => string
  /** One for each column. */
  readonly cells: (row: Row) => readonly ComponentChildren[]
}

/** A table that is cards on a phone: each cell says there what its column is. */
export function Table<Row>({ label, columns, rows, keyOf, cells }: TableProps<Row>): JSX.Element {
  return (
    <div class="wide">
      <table class="cards list" role="table" aria-label={label}>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(([key, title]) => (
              <th key={key} role="columnheader" scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row, i) => (
            <tr key={keyOf(row, i)} role="row" data-item="">
              {cells(row).map((cell, column) => (
                <td key={columns[column]![0]} role="cell" data-label={columns[column]![1]}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
