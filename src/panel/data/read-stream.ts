/** Streams of the health Redis in pages, so that no answer is large and others get their turn between two. */
import type { RedisClient } from '../../wire/redis-client.ts'

/** As XRANGE answers: names and values in turns. */
export type StreamEntry = readonly [id: string, fields: readonly string[]]

const PAGE = 500

/** From the oldest on; `from` and `to` as XRANGE takes them. */
export async function* pagesForward(client: RedisClient, key: string, from: string, to = '+'): AsyncGenerator<readonly StreamEntry[]> {
  for (let start = from; ;) {
    const page = await client.xrange(key, start, to, 'COUNT', PAGE)
    if (page.length > 0) yield page
    if (page.length < PAGE) return
    start = `(${page.at(-1)![0]}`
  }
}

/** From the newest back; each page is in the order of the stream turned round. */
export async function* pagesBackward(client: RedisClient, key: string, from: string, to = '+'): AsyncGenerator<readonly StreamEntry[]> {
  for (let end = to; ;) {
    const page = await client.xrevrange(key, end, from, 'COUNT', PAGE)
    if (page.length > 0) yield page
    if (page.length < PAGE) return
    end = `(${page.at(-1)![0]}`
  }
}

/** Two streams as one, in the order of time. */
export async function* entriesInOrder(
  client: RedisClient,
  one: string,
  other: string,
): AsyncGenerator<{ readonly key: string; readonly entry: StreamEntry }> {
  const [a, b] = [entriesOf(client, one), entriesOf(client, other)]
  let [nextOfA, nextOfB] = await Promise.all([a.next(), b.next()])
  while (!nextOfA.done || !nextOfB.done) {
    if (nextOfB.done || (!nextOfA.done && timeOf(nextOfA.value[0]) <= timeOf(nextOfB.value[0]))) {
      yield { key: one, entry: nextOfA.value! }
      nextOfA = await a.next()
    } else {
      yield { key: other, entry: nextOfB.value }
      nextOfB = await b.next()
    }
  }
}

async function* entriesOf(client: RedisClient, key: string): AsyncGenerator<StreamEntry, undefined> {
  for await (const page of pagesForward(client, key, '-')) yield* page
  return undefined
}

/** Epoch milliseconds of the server. */
export function timeOf(id: string): number {
  return Number(id.slice(0, id.indexOf('-')))
}

export function fieldsOf(fields: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (let i = 0; i + 1 < fields.length; i += 2) found.set(fields[i]!, fields[i + 1]!)
  return found
}
