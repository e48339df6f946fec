/** JSON of which nobody promises that it has a certain shape. */
export type Fields = Readonly<Record<string, unknown>>

/** The object's fields; none if it is no object. */
export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
