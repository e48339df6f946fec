/**
 * Whether a request asked the server to wait before it answers: a long poll, a blocking query, a stream of events. Its answer is late on
 * purpose. Told by what it says itself, in its headers, path, query or body; never by how long it took.
 */

/** A request, as far as it is known. */
export interface SentRequest {
  /** With the query. */
  readonly path: string
  /** `name`: lower case. */
  header(name: string): string | undefined
  /** Its beginning; `undefined` if it was not seen. */
  readonly body: string | undefined
}

/** Milliseconds: it named no limit. A number that JSON has, for it is told to other threads. */
export const NO_LIMIT = Number.MAX_SAFE_INTEGER

/** Milliseconds for which it asked the server to wait; 0 if it did not. Never throws. */
export function askedToWaitMs(request: SentRequest): number {
  try {
    const named = byParameters(request)
    // A limit that is named holds, whatever else says that there is to be a wait.
    return named > 0 && named < NO_LIMIT ? named : Math.max(byHeaders(request), byOperation(request), named)
  } catch {
    // A request that cannot be read asked for nothing.
    return 0
  }
}

function byHeaders(request: SentRequest): number {
  const accept = request.header('accept')
  // Who takes JSON as well, as MCP clients do, may be answered at once.
  if (accept !== undefined && /^\s*text\/event-stream/i.test(accept) && !/json/i.test(accept)) return NO_LIMIT
  if (request.header('upgrade') !== undefined) return NO_LIMIT
  // RFC 7240, 4.3.
  const seconds = /(?:^|[,;\s])wait\s*=\s*"?(\d+)/i.exec(request.header('prefer') ?? '')?.[1]
  return seconds === undefined ? 0 : 1000 * Number(seconds)
}

/** By what is asked for, with the longest that its server waits, which it may do unasked: a queue of SQS has a wait of its own. */
const OPERATIONS: readonly { readonly of: RegExp; readonly waitMs: number }[] = [
  { of: /^AmazonSQS\.ReceiveMessage$/, waitMs: 20_000 },
  { of: /^SimpleWorkflowService\.PollFor/, waitMs: 60_000 },
  { of: /^AWSStepFunctions\.GetActivityTask$/, waitMs: 60_000 },
]
const ACTION = /(?:^|[?&\s])Action=ReceiveMessage(?:&|\s|$)/
const PATHS: readonly { readonly of: RegExp; readonly waitMs: number }[] = [
  // Telegram: its `timeout` may be in a body that nobody saw.
  { of: /\/getUpdates$/i, waitMs: 50_000 },
  // Google's Pub/Sub, which names no time.
  { of: /\/subscriptions\/[^/]+:pull$/, waitMs: 90_000 },
  {
    of: /\/(long-?_?poll(ing)?([-_]\w+)?|poll(ing)?|wait|watch|sse|event-?stream|fetchAndLock|invocation\/next)(\/|$)/i,
    waitMs: NO_LIMIT,
  },
]

function byOperation(request: SentRequest): number {
  const { path, body } = request
  const target = request.header('x-amz-target')
  const operation = OPERATIONS.find(({ of }) => target !== undefined && of.test(target))
  if (operation) return operation.waitMs
  if (ACTION.test(path) || (body !== undefined && ACTION.test(body))) return 20_000
  const bare = pathOf(path)
  return PATHS.find(({ of }) => of.test(bare))?.waitMs ?? 0
}

function byParameters(request: SentRequest): number {
  const { path, body } = request
  let longest = 0
  let index = false
  let limited = false
  const look = (name: string, value: unknown): void => {
    if (name.toLowerCase() === 'index' && Number(value) > 0) index = true
    const asked = waitOf(name, value)
    if (asked === undefined) return
    if (asked < NO_LIMIT) {
      longest = limited ? Math.max(longest, asked) : asked
      limited = true
    } else if (!limited) longest = asked
  }
  const query = path.indexOf('?')
  if (query >= 0) for (const [name, value] of new URLSearchParams(path.slice(query))) look(name, value)
  for (const [name, value] of fieldsOf(body, request.header('content-type'))) look(name, value)
  // A blocking query of Consul or Nomad waits for 5 min if it names no time, and up to a sixteenth longer than it is to.
  return index && pathOf(path).startsWith('/v1/') ? ((longest || 300_000) * 17) / 16 : longest
}

function pathOf(path: string): string {
  const bare = path.startsWith('/') ? path : path.replace(/^https?:\/\/[^/]*/, '')
  return bare.split('?', 1)[0]!
}

function fieldsOf(body: string | undefined, type: string = ''): Iterable<[string, unknown]> {
  if (body === undefined) return []
  const begin = body.trimStart()
  if (begin.startsWith('{')) {
    try {
      return Object.entries(JSON.parse(begin) as object)
    } catch {
      return []
    }
  }
  return /urlencoded/i.test(type) || /^[\w.%+-]+=/.test(begin) ? new URLSearchParams(begin) : []
}

/** `WaitTimeSeconds`, `timeout`, `wait`, `max_wait_ms`, `asyncResponseTimeout`, `block`, `polling-timeout`, `timeoutSeconds`. */
const DURATION =
  /^(?:max|long|server|request|async|asyncresponse|response)?(?:poll(?:ing)?|wait(?:ing)?|block(?:ing)?|hold)?(?:for|time|timeout|duration)?(?:in)?(?<unit>s|secs?|seconds|ms|msecs?|millis|milliseconds)?$/
/** What makes a name one of those. */
const WORDS = /poll|wait|block|hold|timeout/
const SWITCH = /^(?:watch|follow|tail|wait|block|blocking|longpoll|longpolling)$/
const MODE = /^(?:feed|transport|mode|live)$/
const MODES = /^(?:long-?_?poll(?:ing)?|polling|continuous|event-?source|sse|server-?sent-?events)$/i
/** A number without a unit is seconds up to this, milliseconds beyond. */
const MOST_SECONDS = 1000
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Milliseconds; `undefined` if the parameter says nothing of a wait. */
function waitOf(name: string, value: unknown): number | undefined {
  const bare = name.toLowerCase().replaceAll(/[-_.]/g, '')
  const text = String(value)
  if (MODE.test(bare) && MODES.test(text)) return NO_LIMIT
  if (SWITCH.test(bare) && /^(?:true|1|yes|on|)$/i.test(text)) return bare === 'wait' && text === '1' ? 1000 : NO_LIMIT
  const named = WORDS.test(bare) ? DURATION.exec(bare) : null
  if (!named) return undefined
  const [, digits, suffix] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/i.exec(text) ?? []
  if (digits === undefined) return undefined
  const amount = Number(digits)
  if (suffix !== undefined) return amount * UNITS[suffix.toLowerCase()]!
  const unit = named.groups?.['unit']
  if (unit !== undefined) return amount * (unit.startsWith('m') ? 1 : 1000)
  return amount <= MOST_SECONDS ? amount * 1000 : amount
}
