/** What any worker records: attempts, batches, queues and upstreams. */
import type { MetricDefinition } from '../../catalogue.ts'
import { ERROR_TYPE, OUTSIDE } from '../../catalogue.ts'

/** States of any queue. `failed`: given up, kept for a person to look at. `paused`: would be due if nobody had paused the queue on purpose. */
export const WORK_QUEUE_STATES = ['due', 'scheduled', 'leased', 'failed', 'paused'] as const
export type WorkQueueState = (typeof WORK_QUEUE_STATES)[number]

export const WORK_NAME = 'work.name'
export const WORK_OUTCOME = 'work.outcome'
export const WORK_UPSTREAM = 'work.upstream'
export const WORK_UNJUDGED = 'work.upstream.unjudged'
export const WORK_QUEUE_NAME = 'work.queue.name'
export const WORK_QUEUE_STATE = 'work.queue.state'

/**
 * Why no rule judges how slow a call was: it had asked the upstream to wait, and was answered within that; or nobody has named the upstream.
 * Of any other call the attribute is left out.
 */
export const UNJUDGED = ['waited', 'unnamed'] as const
export type Unjudged = (typeof UNJUDGED)[number]

const WORK_OUTCOMES = ['ok', 'failed'] as const
export const WORK_ATTEMPTS: MetricDefinition = {
  name: 'work.attempts',
  instrument: 'counter',
  unit: '{attempt}',
  description: 'Pieces of work tried, such as a fetch or a job, each counted once when it ends; `unknown` where nobody can tell how.',
  attributes: { [WORK_OUTCOME]: [...WORK_OUTCOMES, 'unknown'], [ERROR_TYPE]: [], [WORK_NAME]: [] },
}
export const WORK_UNITS: MetricDefinition = {
  name: 'work.units',
  instrument: 'counter',
  unit: '{unit}',
  description:
    'Independent pieces of evidence behind the attempts: all attempts of one batch are one unit, failed if more than half of them failed.',
  attributes: { [WORK_OUTCOME]: WORK_OUTCOMES, [WORK_NAME]: [] },
}
export const WORK_STREAK: MetricDefinition = {
  name: 'work.streak',
  instrument: 'observable_gauge',
  unit: '{unit}',
  description: 'Units of the same outcome in a row: 3 is three successes, -3 is three failures.',
  attributes: { [WORK_NAME]: [] },
}
export const WORK_ITEMS_FOUND: MetricDefinition = {
  name: 'work.items.found',
  instrument: 'counter',
  unit: '{item}',
  description: 'What successful attempts found: reports, rows, messages.',
  attributes: { [WORK_NAME]: [] },
}
export const WORK_EVENTS: MetricDefinition = {
  name: 'work.events',
  instrument: 'counter',
  unit: '{event}',
  description: 'Events that the work generated.',
  attributes: { [WORK_NAME]: [] },
}
export const WORK_ATTEMPT_DURATION: MetricDefinition = {
  name: 'work.attempt.duration',
  instrument: 'histogram',
  unit: 's',
  description: 'Time from the beginning to the end of one attempt.',
  attributes: { [WORK_NAME]: [], [ERROR_TYPE]: [] },
  bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
}
export const WORK_BATCH_DURATION: MetricDefinition = {
  name: 'work.batch.duration',
  instrument: 'histogram',
  unit: 's',
  description: 'Time from the beginning to the end of one batch.',
  attributes: { [WORK_NAME]: [], [ERROR_TYPE]: [] },
  bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
}
export const WORK_UPSTREAM_DURATION: MetricDefinition = {
  name: 'work.upstream.duration',
  instrument: 'histogram',
  unit: 's',
  description:
    'Time until an upstream answered one call (until a stream began), by its configured name or its host, as the service sees it.',
  attributes: { [WORK_UPSTREAM]: [], [ERROR_TYPE]: [], [WORK_UNJUDGED]: UNJUDGED },
  bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60],
  restartMendsNothing: OUTSIDE,
}
export const WORK_UPSTREAM_SLOW: MetricDefinition = {
  name: 'work.upstream.slow',
  instrument: 'counter',
  unit: '{call}',
  description: 'Calls to an upstream that took longer than MAX_API_RESPONSE_TIME, beyond what they asked it to wait, or timed out.',
  attributes: { [WORK_UPSTREAM]: [], [WORK_UNJUDGED]: UNJUDGED },
  restartMendsNothing: OUTSIDE,
}
export const WORK_QUEUE_SIZE: MetricDefinition = {
  name: 'work.queue.size',
  instrument: 'observable_up_down_counter',
  unit: '{item}',
  description:
    'Items in each queue: due now, scheduled for later, leased to a worker, failed, or waiting in a queue that is paused on purpose.',
  attributes: { [WORK_QUEUE_NAME]: [], [WORK_QUEUE_STATE]: WORK_QUEUE_STATES },
}
export const WORK_QUEUE_PAUSED: MetricDefinition = {
  name: 'work.queue.paused',
  instrument: 'observable_up_down_counter',
  unit: '{queue}',
  description: 'Queues that are paused on purpose: nobody is to take anything from them for now.',
  attributes: { [WORK_QUEUE_NAME]: [] },
}
export const WORK_QUEUE_OLDEST_DUE_AGE: MetricDefinition = {
  name: 'work.queue.oldest_due.age',
  instrument: 'observable_gauge',
  unit: 's',
  description: 'How long the longest waiting due item has been due.',
  attributes: { [WORK_QUEUE_NAME]: [] },
}

/** In the order of docs and dashboards. */
export const WORKER_METRICS: readonly MetricDefinition[] = [
  WORK_ATTEMPTS,
  WORK_UNITS,
  WORK_STREAK,
  WORK_ITEMS_FOUND,
  WORK_EVENTS,
  WORK_ATTEMPT_DURATION,
  WORK_BATCH_DURATION,
  WORK_UPSTREAM_DURATION,
  WORK_UPSTREAM_SLOW,
  WORK_QUEUE_SIZE,
  WORK_QUEUE_PAUSED,
  WORK_QUEUE_OLDEST_DUE_AGE,
]
