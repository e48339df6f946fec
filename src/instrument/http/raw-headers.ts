/** Headers as the clients have them, read without making anything of the others. */

/**
 * Names and values in turn (texts, or the bytes that came), values alone being lists where a name came twice; the text of undici 5; or an
 * object by name.
 */
export type RawHeaders = string | readonly unknown[] | Readonly<Record<string, unknown>> | null | undefined

/** `name`: lower case. The first one of several. */
export function headerOf(headers: RawHeaders, name: string): string | undefined {
  if (headers === undefined || headers === null) return undefined
  if (typeof headers === 'string') return new RegExp(`^${name}: ?(.*?)\r?$`, 'im').exec(headers)?.[1]
  if (!isList(headers)) return text(headers[name])
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const key = headers[i]
    if ((key as { length: number }).length === name.length && text(key)?.toLowerCase() === name) return text(headers[i + 1])
  }
  return undefined
}

function isList(headers: Exclude<RawHeaders, string | null | undefined>): headers is readonly unknown[] {
  return Array.isArray(headers)
}

function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')
  if (Array.isArray(value)) return text(value[0])
  return typeof value === 'number' ? String(value) : undefined
}
