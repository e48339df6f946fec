/** What is asked of this instance, in the order in which it was asked, each once: of what was asked before this process began it wants nothing. */
import { LONGEST_EXPIRY_MS, type ControlRequest } from '../wire/control-request.ts'
import type { ShardNames } from '../wire/names.ts'
import { positionAt, readRequests, type ReadRequest, type RequestsClient } from '../wire/read-requests.ts'

/** Of requests that have come, the places are known as long as they could come again: more than that are not read within the time. */
const MOST_SEEN = 10_000

export interface News {
  readonly requests: readonly ControlRequest[]
  /** What may not be carried out; `reason`: a sentence. */
  readonly unfit: readonly { readonly position: string; readonly reason: string }[]
}

export class Inbox {
  readonly #names: ShardNames
  readonly #service: string
  /** By id: where in the stream it stood, and until when it may be begun with. */
  readonly #seen = new Map<string, { readonly position: string; readonly expires: number }>()
  readonly #unfit = new Set<string>()
  #position: string | undefined

  constructor(names: ShardNames, service: string) {
    this.#names = names
    this.#service = service
  }

  /** `begunAt`: when this process began, epoch milliseconds of the server. Rejects with the server's error. */
  async read(client: RequestsClient, begunAt: number): Promise<News> {
    const after = (this.#position ??= positionAt(begunAt))
    const { entries, position } = await readRequests(client, this.#names, this.#service, after)
    this.#position = position
    const found = entries.filter((entry) => isSince(entry.position, begunAt)).map((entry) => this.#look(entry, begunAt))
    return {
      requests: found.flatMap((each) => (each && 'request' in each ? [each.request] : [])),
      unfit: found.flatMap((each) => (each && 'reason' in each ? [each] : [])),
    }
  }

  /** `undefined`: it has come before, from the same place, as where a server lost the end of the stream or the stream began anew. */
  #look(entry: ReadRequest, begunAt: number): { readonly request: ControlRequest } | News['unfit'][number] | undefined {
    const { position, request } = entry
    if (!request) return this.#once(position, `what stands at ${position} ${entry.why}`)
    const seen = this.#seen.get(request.id)
    if (seen?.position === position) return undefined
    if (seen) return this.#once(position, `what stands at ${position} came before, as the request ${request.id}`)
    // The process before this one may not have seen it: it came before all the same.
    if (request.at < begunAt) return this.#once(position, `what stands at ${position} was asked before this process began`)
    if (this.#seen.size >= MOST_SEEN) this.#forget(request.at)
    this.#seen.set(request.id, { position, expires: request.expires })
    return { request }
  }

  #once(position: string, reason: string): News['unfit'][number] | undefined {
    if (this.#unfit.has(position)) return undefined
    if (this.#unfit.size >= MOST_SEEN) this.#unfit.clear()
    this.#unfit.add(position)
    return { position, reason }
  }

  /** What is too late whatever comes; `at`: about now. */
  #forget(at: number): void {
    for (const [id, { expires }] of this.#seen) if (expires < at - LONGEST_EXPIRY_MS) this.#seen.delete(id)
    // Whoever took one is known to the server for longer.
    if (this.#seen.size >= MOST_SEEN) this.#seen.delete(this.#seen.keys().next().value!)
  }
}

function isSince(position: string, at: number): boolean {
  return Number(position.split('-', 1)[0]) >= at
}
