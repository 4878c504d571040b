/** Columns as Kafka's tools print them: padded on the right, so that the next one starts where a reader looks for it. */
export type Row = readonly (string | number)[]

/** Rows with one blank between columns; a column is as wide as `minWidths` says, or wider where a cell needs it. */
export function columns(rows: readonly Row[], minWidths: readonly number[]): string {
  const last = rows[0]!.length - 1
  const widths = minWidths.map((min, i) =>
    // Nothing follows the last column, for which it would have to be wider.
    i === last ? min : Math.max(min, ...rows.map((row) => String(row[i]).length)),
  )
  return rows
    .map((row) => `${row.map((cell, i) => String(cell).padEnd(widths[i] ?? 0)).join(' ')}\n`)
    .join('')
}

/** Rows as kafka-transactions prints them: as wide as the widest cell, each ended by a tab. */
export function tabbedColumns(rows: readonly Row[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => String(row[i]).length)))
  return rows
    .map((row) => `${row.map((cell, i) => `${String(cell).padEnd(widths[i]!)}\t`).join('')}\n`)
    .join('')
}
