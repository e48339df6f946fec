/** What health.config may name of a service: calls, channels, upstream hosts and queues, and how their results are read. */

/** What a call of any service may mean. `attempt`: one piece of work; `batch`: many at once; `start`, `stop`: the service begins or ends its work. */
export const MEANINGS = ['attempt', 'batch', 'api_call', 'start', 'stop'] as const
/** One of those, a record of the kind of service, or one of `records` of health.config; written so that editors offer the first. */
export type Meaning = (typeof MEANINGS)[number] | (string & {})

/**
 * Reads one figure from what a call returned: a function of it and of the call's arguments, or the path of a property, such as
 * `reports.length`, for a configuration in JSON.
 */
export type Extractor<T> = string | Read<T>['read']

/** A method, so that a function of the result's own type is one too. */
interface Read<T> {
  read(value: unknown, args: readonly unknown[]): T
}

/** How a call is recorded. An extractor that throws is counted and said once; the service does not notice. */
export interface Reading {
  readonly records: Meaning
  /** What kind of work it is; default: the name of the method or channel. */
  readonly name?: string
  /** For `api_call`: which upstream is called; default: that of the kind of service, else the name of the work. */
  readonly upstream?: string
  /** Whether the result is a success, by what counts as true in JavaScript; default: it did not throw or reject. */
  readonly success?: Extractor<boolean>
  /** Reports or items that were found, or how many of an array's entries. */
  readonly reportsFound?: Extractor<number | readonly unknown[]>
  /** Events that were generated. */
  readonly events?: Extractor<number | readonly unknown[]>
  /** Why it failed: of what was thrown, or of a result that is no success. Default: its `code`, `status`, `statusCode` or `name`. */
  readonly errorType?: Extractor<string | undefined>
  /**
   * For `batch` and records: turns the result into what is recorded; default: it already has that shape. Where it gives undefined or null
   * for a record, there is nothing to record. Of a record that is work, a function is asked about a call that failed as well, with
   * `undefined` and the arguments: what it gives says of what the work was, and only `null` that there is nothing to record.
   */
  readonly result?: Extractor<unknown>
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

/** Requests to these hosts, whatever client sends them (fetch, undici, node:http, node:https). */
export interface UpstreamTarget {
  /** `gateway.icloud.com`, `localhost:6969`, or `*.icloud.com`. */
  readonly host: string | readonly string[]
  /** Each request is an attempt too: for services whose work is to call this upstream. */
  readonly records?: 'attempt'
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

/** What the work of a target is called. */
export function workNameOf(target: MethodTarget | ChannelTarget): string {
  return target.name ?? ('channel' in target ? target.channel : (target.method ?? target.function!))
}

/** Which upstream an `api_call` goes to; `byDefault`: where one goes that does not say. */
export function upstreamNameOf(target: MethodTarget | ChannelTarget, byDefault: string | undefined): string {
  return target.upstream ?? byDefault ?? workNameOf(target)
}
