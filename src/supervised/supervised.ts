/** What a process that `otel-health run` started knows of its supervisor, and tells it. */
import type { Phase, Status } from '../types.ts'
import type { ControlAction } from '../wire/control-request.ts'
import type { RedisTarget } from '../wire/redis-client.ts'

/** A piece of work that has begun and not ended. */
export interface PieceInHand {
  /** The queue or the kind of work. */
  readonly name: string
  /** Of the job, where the library has one. */
  readonly id?: string
  readonly seconds: number
}

export interface InHand {
  readonly count: number
  /** 0 where there is none. */
  readonly oldestSeconds: number
  /** The oldest, at most 20. */
  readonly oldest: readonly PieceInHand[]
}

/** What the process says of itself once a second. */
export interface ProcessState {
  readonly service: string
  readonly instance: string
  readonly phase: Phase
  readonly status: Status
  readonly inHand: InHand
  /** Seconds that it may take to drain, HEALTH_DRAIN_LIMIT. */
  readonly drainLimitSeconds: number
  /** Alerts of its own that fire and whose rule is marked `recover: 'restart'`. */
  readonly recover: readonly { readonly rule: string; readonly message: string }[]
  /** What may be asked of it: the supervisor goes by it while the process is down. */
  readonly allow: readonly ControlAction[]
  /** For who speaks for the process while it is down; left out: the environment says it all. The same object each time is sent once. */
  readonly speaksBy?: SpeaksBy
}

/** How a process reaches the health Redis. It passes to the supervisor over a socket that nobody else can open, and is shown nowhere. */
export interface SpeaksBy {
  readonly redis: RedisTarget
  readonly publishingIntervalSeconds: number
  readonly retentionHours: number
}

/** A piece of work that was in hand when an earlier process was killed or crashed, and how often that has happened to it. */
export interface Interrupted {
  readonly name: string
  readonly id?: string
  readonly times: number
}

/** Whoever handles one of these ends the service, at once or later. */
export type EndingSignal = 'SIGTERM' | 'SIGINT' | 'SIGQUIT'

/** What was asked of a process that ends: after `restart` it is started again, else it stays down. */
export type EndingAction = 'drain' | 'stop' | 'restart'

/** For what a process was started: a request, and the instance that was asked. */
export interface StartedFor {
  readonly request: string
  readonly action: 'start' | 'restart'
  readonly instance: string
}

export interface Supervised {
  /** Of the supervisor: the same for each process that it starts. */
  readonly id: string
  readonly startedFor?: StartedFor
  /**
   * Whether the supervisor starts this process again when it is asked to: not until the two have spoken, not where another process of the same
   * run was first to say that it is the service, not if it only watches.
   */
  readonly restarts: boolean
  beat(state: ProcessState): void
  /** This process ends on request, and what is to follow: the supervisor acts on it when the process is gone. */
  ending(request: string, action: EndingAction): void
  /** This process has it, whoever sent it: the supervisor does not send it once more. */
  signalled(signal: EndingSignal): void
  /** The supervisor asks it to drain: it found that a restart can help. */
  onDrain(drain: (why: string) => void): void
  /** Told once, soon after the start, if an earlier process of the same run left work unfinished. */
  onInterrupted(told: (work: readonly Interrupted[]) => void): void
}
