/** A JSON body, read no further than it may be long. */
import type { Call } from './call.ts'
import { Refused } from './refused.ts'

const MOST_BYTES = 64 * 1024

/** An object; throws a Refused for anything else. What a header says of the length counts only where it is too much. */
export async function jsonBody({ request, parsedBody }: Call, mostBytes: number = MOST_BYTES): Promise<Readonly<Record<string, unknown>>> {
  if (Number(request.headers.get('content-length') ?? 0) > mostBytes) throw tooLong(mostBytes)
  let value: unknown
  try {
    // It can be read once only.
    value = parsedBody ?? JSON.parse(await textOf(request, mostBytes))
  } catch (error) {
    if (error instanceof Refused) throw error
    throw new Refused(400, 'The body is no JSON, expected an object.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Buffer.isBuffer(value))
    throw new Refused(400, 'The body is no JSON object.')
  return value as Readonly<Record<string, unknown>>
}

async function textOf(request: Request, mostBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  const reader = request.body?.getReader()
  if (!reader) return ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    bytes += value.byteLength
    if (bytes > mostBytes) {
      // What still comes is not waited for.
      void reader.cancel().catch(() => {})
      throw tooLong(mostBytes)
    }
    chunks.push(value)
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
}

function tooLong(mostBytes: number): Refused {
  return new Refused(413, `The body is longer than ${mostBytes / 1024} kB.`)
}
