/** What health.config may say of one kind of service beyond what it may say of any. */
import type { AttemptOf } from '../types.ts'

export interface KindConfig {
  /** Keys of this kind alone; each check throws one sentence that begins with `path`. */
  readonly keys: Readonly<Record<string, (value: unknown, path: string) => void>>
  /** The names of its upstreams; default: any, and each host that is called is one. */
  readonly upstreams?: readonly string[]
  /** Which of them an `api_call` goes to that names none; default: one by the name of the work. */
  readonly defaultUpstream?: string
  /** The names of its queues; default: any. */
  readonly queues?: readonly string[]
  /** What a call may be recorded as besides what it may be of any service. */
  readonly records?: Readonly<Record<string, KindRecord>>
}

export interface KindRecord {
  readonly is?: AttemptOf
  readonly state?: KnownState
}

/** A record that is the state of something, in one word. */
export interface KnownState {
  readonly values: readonly string[]
  /** What an error says of it, if anything: by the marks of the error, see zero-code/error-marks.ts. */
  ofError(marks: readonly string[]): string | undefined
}

/** A kind of service as health.config can name it. */
export interface KnownKind {
  readonly name: string
  readonly config: KindConfig
  /** The names of its rules. */
  readonly ruleNames: readonly string[]
  /** What a service is judged as that does not say: of all kinds one. */
  readonly isDefault?: boolean
}
