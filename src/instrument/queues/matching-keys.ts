/** Keys that match a pattern, found by SCAN in small steps, so that a server with many keys does not notice; never by KEYS. */
import type { Clock } from '../../types.ts'
import type { CommandClient, Reply } from './command-client.ts'

/** More keys are not looked for: the pattern is a mistake, or what it counts needs no sum that exact. */
export const MAX_KEYS = 1000

/** From the end of one search to the beginning of the next. */
const RESCAN_MS = 60_000

/** SCAN looks at about this many keys per call, in well under a millisecond; another client's command may run between two calls. */
const KEYS_PER_CALL = 1000
const CALLS_PER_STEP = 50

export interface KeyPattern {
  /** A key in which `*` stands for any characters. */
  readonly pattern: string
  /** As Redis calls it; keys of another type that match are not meant. */
  readonly type: string
}

interface Search {
  readonly found: Set<string>
  /** Servers still to be asked; the first is being asked. */
  readonly servers: CommandClient[]
  cursor: string
}

export class MatchingKeys {
  readonly #options: readonly (string | number)[]
  readonly #clock: Clock
  #keys: readonly string[] | undefined
  #truncated = false
  #completeAt = -Infinity
  /** Where the search stands, while there is one. */
  #search: Search | undefined

  constructor({ pattern, type }: KeyPattern, clock: Clock) {
    this.#options = ['MATCH', globOf(pattern), 'COUNT', KEYS_PER_CALL, 'TYPE', type]
    this.#clock = clock
  }

  /** At most `MAX_KEYS`; `undefined` until the first search is complete. */
  get keys(): readonly string[] | undefined {
    return this.#keys
  }

  /** Whether there are more keys than are given. */
  get truncated(): boolean {
    return this.#truncated
  }

  /** Goes on with the search, or begins one about every minute: 50 calls of SCAN at most. Throws if one fails; the next step begins anew. */
  async step(client: CommandClient): Promise<void> {
    if (!this.#search && this.#clock.monotonicMs() - this.#completeAt < RESCAN_MS) return
    const search = this.#search ?? (await begin(client))
    this.#search = undefined
    for (let calls = 0; calls < CALLS_PER_STEP; calls++) {
      const [server] = search.servers
      if (!server || search.found.size > MAX_KEYS) {
        this.#complete(search.found)
        return
      }
      const [reply] = await server.pipeline([['SCAN', search.cursor, ...this.#options]])
      search.cursor = takeKeys(reply, search.found)
      if (search.cursor === '0') search.servers.shift()
    }
    this.#search = search
  }

  #complete(found: ReadonlySet<string>): void {
    this.#truncated = found.size > MAX_KEYS
    this.#keys = [...found].slice(0, MAX_KEYS)
    this.#completeAt = this.#clock.monotonicMs()
  }
}

async function begin(client: CommandClient): Promise<Search> {
  const servers = client.masters ? await client.masters() : [client]
  if (servers.length === 0) throw new Error('the cluster has no masters')
  return { found: new Set(), servers: [...servers], cursor: '0' }
}

/** Returns where to go on. */
function takeKeys(reply: Reply | undefined, found: Set<string>): string {
  if (reply?.[0]) throw reply[0]
  const [cursor, keys] = Array.isArray(reply?.[1]) ? (reply[1] as unknown[]) : []
  if (!Array.isArray(keys)) throw new Error('SCAN was answered by something else')
  for (const key of keys) if (typeof key === 'string') found.add(key)
  return String(cursor)
}

/** Only `*` is special to us; `?`, `[`, `]` and `\` are to Redis too. */
function globOf(pattern: string): string {
  return pattern.replaceAll(/[?[\]\\]/g, String.raw`\$&`)
}
