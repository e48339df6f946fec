/** Whether what the page shows can be trusted to be so now. Pure. */

/** Where the page's own connection stands. `polling`: it asks again and again, as a stream cannot be had. */
export type LinkState = 'connecting' | 'streaming' | 'polling' | 'lost'

export type Freshness =
  | { readonly is: 'waiting' }
  | { readonly is: 'live'; readonly agoMs: number; readonly polled: boolean }
  | { readonly is: 'reconnecting'; readonly forMs: number }
  /** The panel's server is heard of, and says that it does not hear of the health Redis. */
  | { readonly is: 'stale'; readonly since: number; readonly why?: string }

/** The server says something every second: after so long without a word nothing is believed any more. */
const SILENT_MS = 3000
/** A stream that has ended is as a rule back at once: servers end them now and then. */
const BACK_MS = 1000

interface Heard {
  readonly link: LinkState
  /** How long ago the last word was heard; `undefined`: nothing was heard yet. */
  readonly silentMs: number | undefined
  readonly staleSince?: number | undefined
  readonly staleReason?: string | undefined
}

export function freshnessOf({ link, silentMs, staleSince, staleReason }: Heard): Freshness {
  if (silentMs === undefined) return link === 'lost' ? { is: 'reconnecting', forMs: 0 } : { is: 'waiting' }
  if (silentMs >= (link === 'lost' ? BACK_MS : SILENT_MS)) return { is: 'reconnecting', forMs: silentMs }
  if (staleSince !== undefined) return { is: 'stale', since: staleSince, ...(staleReason !== undefined && { why: staleReason }) }
  return { is: 'live', agoMs: silentMs, polled: link === 'polling' }
}
