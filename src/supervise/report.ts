/** What is to be said of a process in Redis while it cannot say it itself: the supervisor decides it, the announcer says it. */
import type { AnswerState, ControlAction } from '../wire/control-request.ts'
import type { ProcessState, SpeaksBy } from '../supervised/supervised.ts'
import type { Exit } from './evidence.ts'

/** Whom it is about: as the process said it itself; left out: it never came to that, and the environment says it. */
export interface About {
  readonly service: string
  readonly instance: string
  readonly allow: readonly ControlAction[]
  readonly speaksBy?: SpeaksBy
}

export interface Death {
  /** Counts the deaths of this run. */
  readonly n: number
  /** Which instance it was; left out: it never said. */
  readonly instance?: string
  readonly exit: Exit
  /** Milliseconds on the monotonic clock of the supervisor. */
  readonly at: number
  readonly uptimeSeconds: number
  /** What happens next, as a sentence without its subject: `is started again in 1.2 s (2 of 5 within 10 min)`. */
  readonly next: string
  /** Nobody starts it again unless asked to: it is missed no more. */
  readonly staysDown: boolean
}

/** The alert that the process is down, or does not react, and that nothing is done about it. */
export interface DownAlert {
  /** Counts what is said; with a new number it is told again. */
  readonly n: number
  /** In whose name; left out: no process ever said who it is. */
  readonly instance?: string
  readonly state: 'firing' | 'resolved'
  readonly message: string
  /** It was told before, and is told again. */
  readonly isAgain: boolean
  /** It is over when so much time has passed in which nobody has said it again. Milliseconds. */
  readonly keptMs: number
}

export interface ReportedAnswer {
  readonly request: string
  readonly instance: string
  readonly action: ControlAction
  readonly state: Exclude<AnswerState, 'accepted' | 'refused'>
  readonly reason: string
}

/** How things stand: said anew with each change, so that an announcer that begins later knows all of it. */
export interface Report {
  /** Of the supervisor. */
  readonly id: string
  readonly about?: About
  readonly death?: Death
  readonly down?: DownAlert
  /** The claim to be in recovery: `take` asks whether there is room, `join` has it anyway; left out: not needed. */
  readonly recovery?: 'take' | 'join'
  readonly answers: readonly ReportedAnswer[]
  /** Whether it takes requests to start. */
  readonly listens: boolean
}

/** What the announcer tells of it. */
export type Heard =
  | { readonly is: 'told'; readonly what: 'death' | 'down'; readonly n: number }
  | { readonly is: 'answered'; readonly request: string }
  | { readonly is: 'recovery'; readonly granted: boolean }
  | { readonly is: 'asked'; readonly action: 'start' | 'restart' | 'stop'; readonly request: string; readonly instance: string }

/** Whether nobody is needed to say anything. */
export function isQuiet({ death, down, recovery, answers, listens }: Report): boolean {
  return !death && !down && !recovery && answers.length === 0 && !listens
}

export function aboutOf({ service, instance, allow, speaksBy }: ProcessState): About {
  return { service, instance, allow, ...(speaksBy && { speaksBy }) }
}
