import { diag, DiagLogLevel } from '@opentelemetry/api'
import { afterEach, beforeEach, expect, test } from 'vitest'

import type { WorkSeen } from '../../src/service/work.ts'
import { Libraries } from '../../src/zero-code/libraries.ts'
import type { ServiceRecorder } from '../../src/zero-code/service-recorder.ts'
import { WorkSources } from '../../src/zero-code/work-sources.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const said: string[] = []
const say = (...parts: unknown[]): void => void said.push(parts.join(' '))
beforeEach(() => {
  said.length = 0
  diag.setLogger({ error: say, warn: say, info: say, debug: say, verbose: say }, { logLevel: DiagLogLevel.WARN })
})
afterEach(() => diag.disable())

function made({ onSource }: { onSource?: (source: string) => void } = {}) {
  const clock = new VirtualClock()
  const told: WorkSeen[] = []
  const attempts: unknown[] = []
  const recorder = {
    ...{ attempt: (facts: unknown) => attempts.push(facts), batch: (facts: unknown) => attempts.push(facts) },
    work: (seen: WorkSeen) => told.push(seen),
  } as unknown as ServiceRecorder
  const unseen = () => ({ sources: 0, why: 'none', warning: 'there is none' })
  const sources = new WorkSources({ recorder, clock, unseen, ...(onSource && { onSource }) })
  sources.begin()
  return { clock, told, attempts, sources, recorder }
}

test('that there is none is said after 30 s, once; until then nobody knows', () => {
  const { clock, told } = made()
  clock.advance(29_999)
  expect([told, said]).toEqual([[], []])
  clock.advance(100_000)
  expect(told).toEqual([{ sources: 0, why: 'none' }])
  expect(said).toEqual(['there is none'])
})

test('each source counts once, and one that comes late mends what was said', () => {
  const { clock, told, sources } = made()
  clock.advance(30_000)
  for (const source of ['queue mails', 'queue mails', 'upstream x']) sources.see(source)
  expect(told.slice(1)).toEqual([{ sources: 1 }, { sources: 2 }])
  clock.advance(60_000)
  expect(said).toEqual(['there is none'])
})

test('an attempt is a source, whoever recorded it, and is recorded as it was', () => {
  const { clock, told, attempts, sources, recorder } = made()
  const noticing = sources.noticing(recorder)
  const facts = { name: 'mail', success: true } as never
  noticing.attempt(facts)
  noticing.batch(facts)
  clock.advance(60_000)
  expect(attempts).toEqual([facts, facts])
  expect([told, said]).toEqual([[{ sources: 1 }], []])
})

test('why sizes are not known is said with it', () => {
  const { told, sources } = made()
  sources.queuesUnknown('its Redis cannot be told')
  sources.see('queue mails')
  expect(told).toEqual([{ sources: 1, queues: 'its Redis cannot be told' }])
})

test('sources that the service has paused do not count; who has none but these rests, and is missed by nobody', () => {
  const { clock, told, sources } = made()
  sources.see('queue mails')
  sources.rest('queue mails', true)
  sources.see('queue digests')
  sources.rest('queue digests', true)
  sources.rest('queue digests', false)
  sources.rest('queue of nobody', true)
  const rest = { sources: 0, why: 'every worker of this process is paused', isIdle: true }
  expect(told).toEqual([{ sources: 1 }, rest, { sources: 1 }, rest, { sources: 1 }])
  clock.advance(60_000)
  expect(said).toEqual([])
})

test('of what a thread works at nobody here knows that it rests', () => {
  const { told, sources } = made()
  sources.seeInThread('queue mails')
  sources.rest('queue mails', true)
  expect(told.at(-1)).toEqual({ sources: 1 })
})

test('a thread tells the main thread', () => {
  const seen: string[] = []
  const { told, sources } = made({ onSource: (source) => seen.push(source) })
  sources.see('queue mails')
  sources.see('queue mails')
  expect([seen, told]).toEqual([['queue mails'], []])
})

test('after the end nothing is said', () => {
  const { clock, told, sources } = made()
  sources.stop()
  clock.advance(60_000)
  expect([told, said]).toEqual([[], []])
})

test('libraries are those that take work, loaded in any thread, and any that is watched', () => {
  const libraries = new Libraries({ packages: () => new Set(['express', 'bull', 'own-queue']) })
  libraries.watches('own-queue')
  libraries.watches('bullmq')
  libraries.loadedElsewhere(['nats', 'bull'])
  expect(libraries.found()).toEqual({ loaded: ['bull', 'own-queue', 'nats'], seen: new Set(['own-queue', 'bullmq']) })
})
