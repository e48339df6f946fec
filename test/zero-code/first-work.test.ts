/** A process that may be the service begins to report with its first work, and not with what helpers do as well. */
import { expect, test } from 'vitest'

import { onFirstWork } from '../../src/zero-code/first-work.ts'
import type { ServiceRecorder } from '../../src/zero-code/service-recorder.ts'

const FACTS = { name: 'mail', success: true, durationMs: 1, errorType: undefined, reportsFound: undefined, events: undefined }

const calls = {
  attempt: (to: ServiceRecorder) => to.attempt(FACTS),
  batch: (to: ServiceRecorder) => to.batch(FACTS),
  record: (to: ServiceRecorder) => to.record('sent', FACTS),
  queues: (to: ServiceRecorder) => to.queues({}),
  apiCall: (to: ServiceRecorder) => to.apiCall({ upstream: 'mails', durationMs: 1, errorType: undefined }),
  phase: (to: ServiceRecorder) => to.phase('running'),
  dropped: (to: ServiceRecorder) => to.dropped('one'),
}

test.for([
  { name: 'attempt', begins: true },
  { name: 'batch', begins: true },
  { name: 'record', begins: true },
  { name: 'queues', begins: true },
  { name: 'apiCall', begins: false },
  { name: 'phase', begins: false },
  { name: 'dropped', begins: false },
] as const)('$name begins it: $begins; it is recorded either way, and begun once', ({ name, begins }) => {
  const heard: string[] = []
  const recorder = Object.fromEntries(Object.keys(calls).map((each) => [each, () => void heard.push(each)])) as unknown as ServiceRecorder
  const noticing = onFirstWork(recorder, () => void heard.push('begun'))
  calls[name](noticing)
  calls[name](noticing)
  expect(heard).toEqual([...(begins ? ['begun'] : []), name, name])
})
