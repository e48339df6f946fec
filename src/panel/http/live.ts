/**
 * `GET api/live`: the feed as server-sent events. Each stream ends once, by whatever comes first: the client goes, its session ends, it takes
 * events too slowly, it is old (a browser comes back by itself and goes on where it was), or the panel closes.
 */
import type { Cancel, Clock } from '../../types.ts'
import type { Feed, FeedEvent } from '../panel-data.ts'
import type { Call } from './call.ts'
import { tooMany } from './refused.ts'

export interface StreamLimits {
  /** Streams at once of one session, or of one user at one address where there are no sessions. Default 100. */
  readonly ofOne?: number
  /** Default 500. */
  readonly ofAll?: number
  /** Bytes that may wait for a client besides what it is told first; then it is dropped. Default 1 MB. */
  readonly waitingBytes?: number
  /** Milliseconds after which a stream ends, so that who looks is asked for again. Default 15 min. */
  readonly longestMs?: number
}

const PING_MS = 15_000
const RETRY_SECONDS = 10
const PING = encoded(': ping\n\n')

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

export class LiveStreams {
  readonly #feed: Feed
  readonly #clock: Clock
  readonly #limits: Required<StreamLimits>
  readonly #ofOne = new Map<string, number>()
  readonly #ends = new Set<() => void>()
  /** What is sent to all is made once. */
  readonly #frames = new WeakMap<FeedEvent, Uint8Array>()
  #cancelPing: Cancel | undefined
  readonly #pings = new Set<() => void>()

  constructor(feed: Feed, clock: Clock, limits: StreamLimits = {}) {
    this.#feed = feed
    this.#clock = clock
    this.#limits = { ofOne: 100, ofAll: 500, waitingBytes: 1024 * 1024, longestMs: 15 * 60_000, ...limits }
  }

  /** Streams that are open now. */
  get open(): number {
    return this.#ends.size
  }

  /** `owner`: whose streams are counted together. `ended`: of the session. Throws a Refused where there are too many. */
  answer(call: Call, owner: string, ended: AbortSignal | undefined): Response {
    const { request } = call
    // The body of a HEAD is never read, so that nothing would end it.
    if (request.method === 'HEAD') return new Response(null, { headers: HEADERS })
    const ofOwner = this.#ofOne.get(owner) ?? 0
    if (ofOwner >= this.#limits.ofOne) throw tooMany(`${ofOwner} live streams are open already: close some of the pages.`, RETRY_SECONDS)
    if (this.#ends.size >= this.#limits.ofAll)
      throw tooMany('The panel serves as many live streams as it can: try again later.', RETRY_SECONDS, 503)
    const gone = [request.signal, ...(ended ? [ended] : [])]
    return new Response(this.#stream(call, owner, gone), { headers: HEADERS })
  }

  close(): void {
    for (const end of [...this.#ends]) end()
  }

  #stream({ request, url, outgoing }: Call, owner: string, gone: readonly AbortSignal[]): ReadableStream<Uint8Array> {
    const { waitingBytes, longestMs } = this.#limits
    let end = (): void => {}
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          const undo: (() => void)[] = []
          let isOver = false
          end = () => {
            if (isOver) return
            isOver = true
            for (const each of undo.splice(0)) each()
          }
          const close = () => {
            if (isOver) return
            end()
            controller.close()
          }
          /** What waits for it is thrown away as well. */
          const drop = () => {
            end()
            if (outgoing) outgoing.destroy()
            else controller.error(new Error('The client takes events too slowly.'))
          }
          let mostWaiting = waitingBytes
          const send = (bytes: Uint8Array) => {
            if (isOver) return
            if ((controller.desiredSize ?? 0) - bytes.byteLength < -mostWaiting) drop()
            else controller.enqueue(bytes)
          }
          const sendFirst = (bytes: Uint8Array) => {
            mostWaiting += bytes.byteLength
            send(bytes)
          }
          undo.push(
            this.#count(owner, close),
            this.#ping(() => send(PING)),
            this.#clock.after(longestMs, close),
          )
          for (const signal of gone) {
            signal.addEventListener('abort', close, { once: true })
            undo.push(() => signal.removeEventListener('abort', close))
          }
          outgoing?.once('close', close)
          undo.push(() => outgoing?.off('close', close))
          // It may have gone before anybody could be told.
          if (gone.some(({ aborted }) => aborted) || outgoing?.destroyed) return close()
          try {
            this.#catchUp(lastSeen(request, url), sendFirst)
          } catch (error) {
            end()
            throw error
          }
          undo.push(this.#feed.listen((event) => send(this.#frame(event))))
        },
        cancel: () => end(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
    )
  }

  #catchUp(since: string | undefined, send: (bytes: Uint8Array) => void): void {
    const missed = since === undefined ? undefined : this.#feed.after(since)
    if (!missed) {
      const { id, json } = this.#feed.latest()
      send(frame('now', id, json))
    } else if (missed.length === 0) {
      send(PING)
    } else {
      for (const event of missed) send(this.#frame(event))
    }
  }

  #frame(event: FeedEvent): Uint8Array {
    let bytes = this.#frames.get(event)
    if (!bytes) this.#frames.set(event, (bytes = frame(event.event, event.id, event.json)))
    return bytes
  }

  #count(owner: string, close: () => void): () => void {
    this.#ends.add(close)
    this.#ofOne.set(owner, (this.#ofOne.get(owner) ?? 0) + 1)
    return () => {
      if (!this.#ends.delete(close)) return
      const left = this.#ofOne.get(owner)! - 1
      if (left === 0) this.#ofOne.delete(owner)
      else this.#ofOne.set(owner, left)
    }
  }

  /** One timer for all. */
  #ping(ping: () => void): () => void {
    this.#pings.add(ping)
    this.#cancelPing ??= this.#clock.every(PING_MS, () => {
      for (const each of [...this.#pings]) each()
    })
    return () => {
      this.#pings.delete(ping)
      if (this.#pings.size > 0) return
      this.#cancelPing?.()
      this.#cancelPing = undefined
    }
  }
}

/** A browser says it by itself when it comes back; a page that connects anew says it in the query. */
export function lastSeen({ headers }: Request, { searchParams }: URL): string | undefined {
  return headers.get('last-event-id') ?? searchParams.get('since') ?? undefined
}

function frame(event: string, id: string, json: string): Uint8Array {
  return encoded(`event: ${event}\nid: ${id}\ndata: ${json}\n\n`)
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
