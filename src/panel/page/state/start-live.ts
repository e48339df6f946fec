/** Ties the live connection to the browser: its stream, its timers, its sleep, and one redraw a frame. */
import { batch } from '@preact/signals'

import type { Change, Now, PollAnswer } from '../../protocol.ts'
import { freshnessOf, type LinkState } from '../live/freshness.ts'
import { knownOf, withChanges, type Known } from '../live/known.ts'
import { LiveConnection, type Stream, type StreamHeard } from '../live/live-connection.ts'
import { addressOfApi, ApiError, ask } from './api.ts'
import { notice, notifying } from './notifications.ts'
import { askSession } from './session.ts'
import { freshness, known, now, ticked } from './store.ts'

const TICK_MS = 500
/** Hidden pages are not drawn: what they hear is put together less often. */
const HIDDEN_MS = 1000
const MOST_WAITING = 50
/** A browser has six connections to a server: tabs that nobody has looked at for so long leave theirs to others. */
const LEAVE_MS = 60_000

export function startLive(): () => void {
  let link: LinkState = 'connecting'
  /** By both clocks: one is set at times, the other may stand still while the machine sleeps. */
  let heard: { readonly wall: number; readonly steady: number } | undefined
  /** What the server's clock is ahead of this one. */
  let ahead = 0
  let base: Known | undefined
  let waiting: Change[] = []
  let isPlanned = false

  const apply = (): void => {
    isPlanned = false
    if (!base) return
    base = withChanges(base, waiting)
    waiting = []
    batch(() => {
      known.value = base
      dropTicks(base!)
      look()
    })
  }
  const plan = (): void => {
    if (isPlanned) return
    isPlanned = true
    if (document.hidden) setTimeout(apply, HIDDEN_MS)
    else requestAnimationFrame(apply)
  }
  const hear = (at: number): void => {
    heard = { wall: Date.now(), steady: performance.now() }
    ahead = at - heard.wall
  }
  const look = (): void => {
    const silentMs = heard && Math.max(Date.now() - heard.wall, performance.now() - heard.steady, 0)
    const { staleSince, staleReason } = base?.head ?? {}
    const before = freshness.peek()
    const next = freshnessOf({ link, silentMs, staleSince, staleReason })
    if (!isSameFreshness(before, next)) freshness.value = next
    const second = Math.floor((Date.now() + ahead) / 1000) * 1000
    if (second !== now.peek()) now.value = second
  }

  const connection = new LiveConnection(
    { open, poll, nowMs: () => Date.now(), after, random: () => Math.random() },
    {
      onNow: (said: Now) => {
        hear(said.at)
        base = knownOf(said)
        waiting = []
        // The first is what one waits for.
        if (known.peek()) plan()
        else apply()
      },
      onChange: (change: Change) => {
        hear(change.at)
        waiting.push(change)
        // A page that is not drawn keeps no heap of news.
        if (waiting.length >= MOST_WAITING) apply()
        else plan()
      },
      onTransition: notice,
      onLink: (is: LinkState) => {
        link = is
        look()
      },
    },
  )
  let leaving: ReturnType<typeof setTimeout> | undefined
  let hasLeft = false
  const wake = (): void => {
    look()
    clearTimeout(leaving)
    // Who is to be told of alerts goes on listening.
    if (document.hidden && notifying.peek() !== 'on') {
      leaving = setTimeout(() => {
        hasLeft = true
        connection.stop()
      }, LEAVE_MS)
    } else if (!document.hidden && hasLeft) {
      hasLeft = false
      connection.start()
    } else if (!document.hidden) connection.wake()
  }
  addEventListener('online', wake)
  document.addEventListener('visibilitychange', wake)
  const timer = setInterval(() => {
    connection.tick()
    look()
  }, TICK_MS)
  connection.start()
  return () => {
    removeEventListener('online', wake)
    document.removeEventListener('visibilitychange', wake)
    clearInterval(timer)
    clearTimeout(leaving)
    connection.stop()
  }
}

function isSameFreshness(a: ReturnType<typeof freshnessOf>, b: ReturnType<typeof freshnessOf>): boolean {
  if (a.is === 'live' && b.is === 'live') return Math.floor(a.agoMs / 1000) === Math.floor(b.agoMs / 1000) && a.polled === b.polled
  if (a.is === 'reconnecting' && b.is === 'reconnecting') return Math.floor(a.forMs / 1000) === Math.floor(b.forMs / 1000)
  return a.is === 'stale' && b.is === 'stale' ? a.since === b.since && a.why === b.why : a.is === b.is
}

/** An alert that is over is ticked no longer. */
function dropTicks({ alerts }: Known): void {
  const left = [...ticked.peek()].filter((id) => alerts.has(id))
  if (left.length < ticked.peek().size) ticked.value = new Set(left)
}

function open(since: string | undefined, { onEvent, onError }: StreamHeard): Stream {
  const source = new EventSource(addressOfApi(since === undefined ? 'live' : `live?since=${encodeURIComponent(since)}`))
  for (const event of ['now', 'change', 'transition']) {
    source.addEventListener(event, ({ data, lastEventId }: MessageEvent<string>) => onEvent(event, lastEventId, data))
  }
  source.addEventListener('error', onError)
  return source
}

async function poll(since: string | undefined): Promise<PollAnswer> {
  try {
    return await ask<PollAnswer>(since === undefined ? 'now' : `now?since=${encodeURIComponent(since)}`)
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) void askSession()
    throw error
  }
}

function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}
