/** Lines of CSV as RFC 4180 has them, safe to open in a spreadsheet. Pure. */

/** A cell that begins so is a formula to a spreadsheet, which may run programs and send what it sees away. */
const FORMULA = /^[=+\-@\t\r]/
const QUOTED = /[",\r\n]/

export type Cell = string | number | boolean | null | undefined

/** With its end. What is not known is an empty cell. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

function csvCell(cell: Cell): string {
  if (cell === null || cell === undefined) return ''
  // A number that is negative is a number to everybody.
  if (typeof cell !== 'string') return String(cell)
  const text = FORMULA.test(cell) ? `'${cell}` : cell
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
