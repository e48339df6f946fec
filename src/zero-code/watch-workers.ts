/** Workers of queue libraries, said to the recorder, and the queues they take work from. */
import type { Hold } from '../instrument/calls/hold.ts'
import type { ModuleHook } from '../instrument/hook/module-hook.ts'
import { watchQueueLibraries } from '../instrument/queues/queue-libraries.ts'
import type { QueueLibrary } from '../instrument/queues/queue-library.ts'
import type { WorkInHand } from '../record/work-in-hand.ts'
import type { Cancel, Clock } from '../types.ts'
import type { AskedQueues } from './asked-queues.ts'
import { configuredWork, type Configured } from './attempt-targets.ts'
import { codeOf } from './call-reading.ts'
import type { Libraries } from './libraries.ts'
import type { ServiceRecorder } from './service-recorder.ts'
import type { ThreadNews } from './thread-relay.ts'
import type { WorkSources } from './work-sources.ts'

/**
 * What workers of queue libraries do is attempts unless health.config says what an attempt is, and the queues they are taken from are
 * read unless it says which queues there are.
 */
export function watchWorkers(
  { config, kind, recorder, clock, inHand, hold }: WorkerWatchOptions,
  { hook, news, asked, sources, libraries }: WorkersWatch,
): Cancel {
  const saysAttempts = configuredWork({ config, kind }) === 'attempts'
  const found = (name: string, { canBeHeld = false, tellsEndsOnly = false }: QueueLibrary): void => {
    const source = `queue ${name}`
    if (canBeHeld) hold.cover(source)
    if (!tellsEndsOnly) inHand.see()
    if (!saysAttempts) sources.see(source)
  }
  return watchQueueLibraries(hook, {
    clock,
    inHand,
    hold,
    onAttempt({ queue, durationMs, failed, error, postponed }) {
      if (saysAttempts || postponed) return
      const errorType = failed ? codeOf(error) : undefined
      recorder.attempt({ name: queue, success: !failed, durationMs, errorType, reportsFound: undefined, events: undefined })
    },
    onQueue(queue, library) {
      found(queue.name, library)
      news.queue(queue)
    },
    onRest: (name, isResting) => sources.rest(`queue ${name}`, isResting),
    onPackage: (name) => libraries.watches(name),
    onAskedQueue(queue, library) {
      found(queue.name, library)
      if (!config.queues) asked.add(queue)
    },
  })
}

export interface WorkerWatchOptions extends Configured {
  readonly recorder: Pick<ServiceRecorder, 'attempt'>
  readonly clock: Clock
  readonly inHand: WorkInHand
  readonly hold: Hold
}

export interface WorkersWatch {
  readonly hook: ModuleHook
  readonly news: ThreadNews
  readonly asked: AskedQueues
  readonly sources: WorkSources
  readonly libraries: Libraries
}
