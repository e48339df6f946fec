import type { Faults } from './faults.ts'
import { json, type Address } from './loopback-server.ts'
import { refused, siblingServer, SLOW_MS, type SiblingServer, type SiblingTraffic } from './sibling-server.ts'

export interface StoredPositions {
  /** Positions that were not there before. */
  added: number
  /** Positions that were: the batch was sent again. */
  again: number
}

interface Sent {
  readonly trackerId: string
  readonly at: number
}

/** `POST /positions` with `{positions}`. There is one position for a tracker and a time. */
export function storeServer(
  traffic: SiblingTraffic,
  faults: Faults,
  address: Address,
): SiblingServer & { readonly positions: Readonly<StoredPositions> } {
  const stored = new Set<string>()
  const positions: StoredPositions = { added: 0, again: 0 }
  const sibling = siblingServer(traffic, 20, address, ({ request, body, probe }) => {
    const to = 'store'
    if (request.method !== 'POST' || request.url !== '/positions') return refused(to, 404)
    const met = faults.pick(['store.500', 'store.slow'], { probe })
    if (met?.name === 'store.500') return refused(to, 500, met.name)
    for (const { trackerId, at } of (JSON.parse(body) as { positions: readonly Sent[] }).positions) {
      const before = stored.size
      stored.add(`${trackerId} ${at}`)
      positions[stored.size > before ? 'added' : 'again']++
    }
    return { to, answer: json({ stored: stored.size }), ...(met && { fault: met.name, delayMs: met.settings.delay_ms ?? SLOW_MS }) }
  })
  return { ...sibling, positions }
}
