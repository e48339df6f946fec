/** What speaks for starting a process again, and what does not: the table of docs/supervise.md is made of this one. */
import type { ProcessState } from '../supervised/supervised.ts'

/** How a process ended. */
export interface Exit {
  /** `null` where a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** How the operating system sees a process: `traced` is held by a debugger. */
export type Standing = 'runs' | 'stopped' | 'traced' | 'gone'

/** Found in a process that runs. */
export type Evidence =
  | { readonly is: 'hang'; readonly silentMs: number; readonly standing: Standing }
  | { readonly is: 'memory'; readonly bytes: number; readonly limit: number }
  | { readonly is: 'rule'; readonly rule: string; readonly message: string }

interface Row {
  readonly what: string
  readonly restarts: boolean
  readonly because: string
}

const OUTSIDE = 'it is outside of the process, where a restart mends nothing: no such rule can be marked with recover'

export const FINDINGS = {
  failed: {
    what: 'The process ended with an exit code other than 0, or by a signal, and nobody had asked it to',
    restarts: true,
    because: 'it is down. Not with --restart never or --watch-only',
  },
  hang: {
    what: 'Nothing is heard of it for --hang-limit, though it lives: its event loop is blocked, or a signal (SIGSTOP) holds it',
    restarts: true,
    because: 'it does no work, and cannot end by itself: SIGTERM, then SIGKILL',
  },
  memory: {
    what: 'It has more memory in use than --max-memory, two readings in a row',
    restarts: true,
    because: 'it is drained first, as long as its drain limit allows',
  },
  rule: {
    what: "An alert of its own fires whose rule is marked with `recover: 'restart'`",
    restarts: true,
    because: 'whoever wrote the rule says that a restart mends it; it is drained first',
  },
  succeeded: {
    what: 'It ended with exit code 0',
    restarts: false,
    because: 'it had done what there was to do. With --restart always it is started again',
  },
  asked: {
    what: 'It ended after a signal that was passed on to it, or on a request to stop',
    restarts: false,
    because: 'somebody wanted it to end',
  },
  traced: {
    what: 'A debugger holds it, or may do so (--inspect)',
    restarts: false,
    because: 'somebody looks at it',
  },
  suspended: {
    what: 'The machine, the container or the supervisor itself was suspended',
    restarts: false,
    because: 'nothing could be heard meanwhile: the hang limit begins anew',
  },
  silent: {
    what: 'Nothing was ever heard of it: it is not watched, or its link to the supervisor is gone',
    restarts: false,
    because: 'no reading is unknown, and no reason to act; only its end and its memory are seen',
  },
  resting: {
    what: 'It says that it is starting, paused or draining',
    restarts: false,
    because: 'it is doing what it was asked to; the grace begins when it is ready',
  },
  upstream: { what: 'What it fetches from is down, slow or refuses', restarts: false, because: OUTSIDE },
  account: { what: 'Its account is blocked or logged out; its anisette server is down', restarts: false, because: OUTSIDE },
  dependency: { what: 'A dependency fails: its own Redis, a database', restarts: false, because: OUTSIDE },
  redis: {
    what: 'The health Redis is down',
    restarts: false,
    because: 'the supervisor hears the process without it, and restarts go on without it',
  },
} as const satisfies Readonly<Record<string, Row>>

export interface Limits {
  readonly hangMs: number
  readonly maxMemoryBytes: number | undefined
}

export interface Observed {
  /** What the process said last; `undefined`: it never said anything, or its link is gone. */
  readonly said: ProcessState | undefined
  /** Since it was heard last. Milliseconds. */
  readonly silentMs: number
  /** `undefined`: nobody has looked yet. */
  readonly standing: Standing | undefined
  readonly isInspected: boolean
  /** Resident memory at the last two readings, oldest first; fewer while there are fewer. */
  readonly memory: readonly number[]
}

/** Says of itself that nothing is to be expected of it. */
function isResting(said: ProcessState | undefined): boolean {
  return said !== undefined && said.phase !== 'running'
}

/** Whether it has been silent for so long that somebody has to look how it stands. */
export function isSilent({ said, silentMs, isInspected }: Observed, { hangMs }: Limits): boolean {
  return said !== undefined && !isInspected && silentMs >= hangMs
}

/** Of a process that is ready, and was given its grace. `undefined`: none. */
export function evidenceIn(observed: Observed, limits: Limits): Evidence | undefined {
  const { said, silentMs, standing, memory } = observed
  if (isResting(said)) return undefined
  if (isSilent(observed, limits)) {
    return standing === 'runs' || standing === 'stopped' ? { is: 'hang', silentMs, standing } : undefined
  }
  const limit = limits.maxMemoryBytes
  if (limit !== undefined && memory.length >= 2 && memory.every((bytes) => bytes > limit)) {
    return { is: 'memory', bytes: memory.at(-1)!, limit }
  }
  const [marked] = said?.recover ?? []
  return marked && { is: 'rule', ...marked }
}

/** The end of a sentence that begins with the process. */
export function evidenceWords(evidence: Evidence): string {
  switch (evidence.is) {
    case 'hang': {
      const held = evidence.standing === 'stopped' ? ', for a signal holds it' : ', though it lives'
      return `has said nothing for ${Math.round(evidence.silentMs / 1000)} s${held}`
    }
    case 'memory':
      return `has ${megabytes(evidence.bytes)} MB in use (limit ${megabytes(evidence.limit)} MB)`
    case 'rule':
      return `breaks the rule ${evidence.rule}, which a restart is said to mend: ${evidence.message}`
  }
}

/** The same of an end. */
export function exitWords({ code, signal }: Exit): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_000_000)
}
