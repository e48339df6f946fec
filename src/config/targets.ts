/** What health.config may name of a service: calls, channels, upstream hosts and queues, and how their results are read. */

/** What a call of any service may mean. `attempt`: one piece of work; `batch`: many at once; `start`, `stop`: the service begins or ends its work. */
export const MEANINGS = ['attempt', 'batch', 'api_call', 'start', 'stop'] as const
/** One of those, a record of the kind of service, or one of `records` of health.config; written so that editors offer the first. */
export type Meaning = (typeof MEANINGS)[number] | (string & {})

/**
 * Reads one figure from what a call returned: a function of it and of the call's arguments, which answers at once, or the path of a
 * property or of a key of a Map, such as `reports.length`, for a configuration in JSON.
 *
 * What no result has had so far (the path leads nowhere, the function gives undefined) is not known, and never zero or a failure: that is
 * said once, with the keys that were there.
 */
export type Extractor<T> = string | Read<T>['read']

/** A method, so that a function of the result's own type is one too. */
interface Read<T> {
  read(value: unknown, args: readonly unknown[]): T
}

/**
 * What is recorded of a call that failed, by what it threw or rejected with. By its `code`, `status`, `statusCode` (also those of its
 * `response`, and of what caused it) or the name of its class or of one that this extends, such as `{ 401: 'logged_out' }`; or a function
 * of the error and of the call's arguments. `null`, or nothing: nothing is recorded.
 */
export type OnError = Readonly<Record<string, unknown>> | ReadOfError['read']

/** A method, so that a function of the error's own type is one too. */
interface ReadOfError {
  read(error: unknown, args: readonly unknown[]): unknown
}

/** How a call is recorded. An extractor that throws is counted and said once; the service does not notice. */
export interface Reading {
  readonly records: Meaning
  /** What kind of work it is; default: the name of the method or channel. */
  readonly name?: string
  /** For `api_call`: which upstream is called; default: that of the kind of service, else the name of the work. */
  readonly upstream?: string
  /**
   * Whether the result is a success, by what counts as true in JavaScript; default: it did not throw or reject. Until a result has had it,
   * the attempts are `unknown`, neither successes nor failures; from then on a result without it is a failure. A result that cannot be read,
   * for the extractor throws, is `unknown` at any time.
   */
  readonly success?: Extractor<boolean>
  /** Reports or items that were found, or how many of an array's entries. Once a result has had them, one without them found none. */
  readonly reportsFound?: Extractor<number | readonly unknown[]>
  /** Events that were generated, or how many of an array's entries. Once a result has had them, one without them made none. */
  readonly events?: Extractor<number | readonly unknown[]>
  /**
   * Why it failed: of what was thrown, or of a result that is no success. Default, and where the extractor gives nothing: its `code`,
   * `status`, `statusCode` or `name`.
   */
  readonly errorType?: Extractor<string | undefined>
  /**
   * For `batch` and records: turns the result into what is recorded; default: it already has that shape. Where it gives undefined or null
   * for a record, there is nothing to record. Of a record that is work, a function is asked about a call that failed as well, with
   * `undefined` and the arguments: what it gives says of what the work was, and only `null` that there is nothing to record.
   */
  readonly result?: Extractor<unknown>
  /**
   * For a record that is no work, such as the state of an account: what a call that failed is recorded as, in the shape of what is recorded
   * of one that did not. Default: nothing, for an error of the network says nothing of a state; a tracker fetcher's `account` is
   * `logged_out` after a 401 or 403, and what the name of the error's class says. What is given here goes before the default.
   */
  readonly onError?: OnError
}

/**
 * A function of the service. One of `class` with `method`, or `function`; each is the name of a declaration at the top level of the
 * module, or of an export of it (`default` too).
 */
export interface MethodTarget extends Reading {
  /** A file, relative to health.config (`./fetcher.ts`), or a package (`bullmq`). */
  readonly module: string
  readonly class?: string
  /** On the prototype; else static; else a function that each instance has in a property of its own. */
  readonly method?: string
  readonly function?: string
  /** The last argument is a Node callback `(error, value)`, and the call ends when it is called. */
  readonly callback?: boolean
}

/** A tracing channel of `node:diagnostics_channel`; the context's `result` and `error` are read, its other properties are the arguments. */
export interface ChannelTarget extends Reading {
  readonly channel: string
}

/**
 * Requests to these hosts, whatever client sends them (fetch, undici, node:http, node:https). How slow they are is judged by the time until
 * they are answered: until the headers of a stream (of events, of unknown length, a download). One that asked to be answered late says
 * nothing of slowness within what it asked for: by `Prefer: wait=20`, `Accept: text/event-stream`, `Upgrade`, parameters of the query or the
 * body such as `wait`, `timeout`, `WaitTimeSeconds` or `watch`, or as ReceiveMessage of SQS, getUpdates of Telegram and blocking queries of
 * Consul do. Its failures count.
 */
export interface UpstreamTarget {
  /** `gateway.icloud.com`, `localhost:6969`, or `*.icloud.com`. */
  readonly host: string | readonly string[]
  /** Each request is an attempt too: for services whose work is to call this upstream. */
  readonly records?: 'attempt'
  /** Its requests wait for what is to come, which cannot be seen in them: none of them is slow. */
  readonly waits?: boolean
}

/**
 * A queue in the service's Redis; `*` in a key stands for any characters. Members of a list or set are due; scores of a sorted set are
 * the time due; of a stream, entries that `group` has not been given are due and those it has not acknowledged are leased.
 */
export type QueueTarget =
  | { readonly key: string; readonly type: 'list' | 'set' }
  | { readonly key: string; readonly type: 'zset'; readonly scores?: 'milliseconds' | 'seconds' }
  | { readonly key: string; readonly type: 'stream'; readonly group?: string }
  | { readonly bullmq: string; readonly prefix?: string }
  | { readonly bull: string; readonly prefix?: string }
  | { readonly beeQueue: string; readonly prefix?: string }

/** What the work of a target is called. */
export function workNameOf(target: MethodTarget | ChannelTarget): string {
  return target.name ?? ('channel' in target ? target.channel : (target.method ?? target.function!))
}

/** Which upstream an `api_call` goes to; `byDefault`: where one goes that does not say. */
export function upstreamNameOf(target: MethodTarget | ChannelTarget, byDefault: string | undefined): string {
  return target.upstream ?? byDefault ?? workNameOf(target)
}
