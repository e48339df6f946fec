/** What a supervisor hears, and what it has done about it. */
import type { EndingAction, Interrupted, ProcessState, StartedFor } from '../supervised/supervised.ts'
import type { Exit, Limits, Standing } from './evidence.ts'
import type { Heard } from './report.ts'
import type { RestartLimits } from './restarts.ts'

/** Times: milliseconds. */
export interface SupervisorOptions extends Limits, RestartLimits {
  /** Of this run: the same for each process that it starts. */
  readonly id: string
  /** What it runs, as people call it. */
  readonly what: string
  readonly restart: 'on-failure' | 'always' | 'never'
  /** Announces, and never starts anything again. */
  readonly watchOnly: boolean
  /** Ends as the process did instead of staying to be asked to start it. */
  readonly exitOnGiveUp: boolean
  /** From when it is ready; one of which nothing is heard counts as ready this long after its start. */
  readonly graceMs: number
  /** Between SIGTERM and SIGKILL. */
  readonly killAfterMs: number
  /** Waited at random, at most so long, where no health Redis says who else is in recovery. */
  readonly longestLocalPauseMs: number
  /** After this it is told again that it was given up. */
  readonly toldAgainMs: number
  /** Whether the environment names the service: else only a process that said who it is can be spoken of. */
  readonly isNamed: boolean
  /** From 0 to 1. */
  readonly random: () => number
}

export type Event =
  | { readonly is: 'begin' }
  | { readonly is: 'tick' }
  | { readonly is: 'beat'; readonly state: ProcessState; readonly isInspected: boolean }
  /** Nothing more will be heard of the process, which may live. */
  | { readonly is: 'unlinked' }
  | { readonly is: 'ending'; readonly request: string; readonly action: EndingAction }
  | { readonly is: 'exited'; readonly exit: Exit }
  | { readonly is: 'memory'; readonly bytes: number }
  /** Answers `look`. */
  | { readonly is: 'seen'; readonly standing: Standing }
  /** The supervisor itself was sent a signal, which it has passed on. */
  | { readonly is: 'signalled'; readonly signal: NodeJS.Signals }
  | { readonly is: 'heard'; readonly heard: Heard }

export type Effect =
  | { readonly do: 'start'; readonly startedFor?: StartedFor; readonly interrupted: readonly Interrupted[] }
  | { readonly do: 'look' }
  | { readonly do: 'drain'; readonly why: string }
  | { readonly do: 'signal'; readonly signal: 'SIGTERM' | 'SIGKILL' }
  | { readonly do: 'say'; readonly text: string }
  | { readonly do: 'exit'; readonly exit: Exit }

/**
 * `starting`: not ready yet. `claiming`: there is evidence, and it is asked whether others are in recovery. `draining`, `ending`: because of the
 * evidence. `waiting`: for the next start. `stopped`: on request. `leaving`: it ends itself as soon as the last has been said.
 */
export type RunPhase = 'starting' | 'up' | 'claiming' | 'draining' | 'ending' | 'waiting' | 'stopped' | 'gave up' | 'leaving' | 'over'
