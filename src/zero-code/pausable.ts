/** What of a service's work waits while it is held, and what goes on. Pure. */

export interface PausableFacts {
  /** Sources of work that are watched: `queue <name>`, `<module> <work>`, or no more than that there are `attempts`. */
  readonly sources: ReadonlySet<string>
  /** Of these, those in worker threads, which nobody here holds. */
  readonly ofThreads: ReadonlySet<string>
  /** What waits: `queue <name>`, and functions of `control.holds`. */
  readonly covered: ReadonlySet<string>
  /** Whether the service has an `onPause`, which is trusted to pause what we can't. */
  readonly hasHook: boolean
}

export interface Pausable {
  /** Whether anything can be paused. */
  readonly any: boolean
  /** What goes on: the names of its sources. */
  readonly goesOn: readonly string[]
}

/** A function that waits is thought to be what brings the work of the service's own functions. */
export function pausable({ sources, ofThreads, covered, hasHook }: PausableFacts): Pausable {
  const waits = (source: string): boolean => covered.has(source) || (!isQueue(source) && [...covered].some((each) => !isQueue(each)))
  return {
    any: hasHook || covered.size > 0,
    goesOn: hasHook ? [] : [...sources].filter((source) => ofThreads.has(source) || !waits(source)),
  }
}

function isQueue(source: string): boolean {
  return source.startsWith('queue ')
}
