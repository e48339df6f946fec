import { setImmediate } from 'node:timers/promises'

import { diag, DiagLogLevel } from '@opentelemetry/api'
import { expect, onTestFinished, test } from 'vitest'

import { Answers } from '../../src/obey/answers.ts'
import { Listening } from '../../src/obey/listening.ts'
import { ServerTime } from '../../src/obey/server-time.ts'
import { encodeRequest, type ControlAction, type ControlRequest } from '../../src/wire/control-request.ts'
import { shardNames } from '../../src/wire/names.ts'
import type { PublisherClient } from '../../src/wire/redis-client.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

test.for([
  {
    what: 'an older ACL file, which lets nobody read what is asked, is named once',
    refuses: "NOPERM No permissions to access a key used as argument 'xrevrange'",
    said: [
      'otel-health: the user of the health Redis may not read what people ask of mailer, so that nobody can pause or stop it: give it the rights of service.acl in docs/acl of the package.',
    ],
  },
  { what: 'a Redis that is away is not named here: who publishes does', refuses: 'Connection is closed.', said: [] },
])('$what', async ({ refuses, said }) => {
  const warned: string[] = []
  const silent = (): void => {}
  const warn = (text: string): void => void warned.push(text)
  diag.setLogger({ error: silent, warn, info: silent, debug: silent, verbose: silent }, { logLevel: DiagLogLevel.WARN })
  const clock = new VirtualClock()
  const time = new ServerTime(clock)
  let tries = 0
  const connection = {
    up: true,
    connected: () => Promise.resolve(true),
    run(): Promise<never> {
      tries++
      return Promise.reject(new Error(refuses))
    },
  }
  const of = { connection, names: shardNames(), service: 'mailer', instance: 'i1', clock, time }
  const listening = new Listening({
    ...{ ...of, answers: new Answers(of), obedience: { consider: () => Promise.resolve(), comeBackHeld: silent } },
    ...{ age: () => 0, isSupervised: false, onKnown: silent },
  })
  onTestFinished(() => {
    listening.stop()
    diag.disable()
  })
  for (let i = 0; i < 5; i++) {
    clock.advance(1000)
    await setImmediate()
  }
  expect(tries).toBeGreaterThan(3)
  expect(warned).toEqual(said)
})

test.for<{ what: string; asked: readonly (readonly [ControlAction, string | null])[]; isSupervised: boolean; held: string }>([
  { what: 'of which nothing is desired', asked: [], isSupervised: false, held: 'works' },
  { what: 'that is to be paused', asked: [['pause', null]], isSupervised: false, held: 'paused' },
  { what: 'that is to be paused, though it is supervised', asked: [['pause', null]], isSupervised: true, held: 'paused' },
  { what: 'that is to be stopped', asked: [['stop', null]], isSupervised: false, held: 'stopped' },
  { what: 'that is to be stopped, and that a supervisor started', asked: [['stop', null]], isSupervised: true, held: 'works' },
  { what: 'whose neighbour is to be paused', asked: [['pause', 'i2']], isSupervised: false, held: 'works' },
  {
    what: 'that may run though all others are to be stopped',
    asked: [
      ['stop', null],
      ['resume', 'i1'],
    ],
    isSupervised: false,
    held: 'works',
  },
  {
    what: 'that is to be paused while all others may run',
    asked: [
      ['resume', null],
      ['pause', 'i1'],
    ],
    isSupervised: false,
    held: 'paused',
  },
])('a process $what: $held from its start', async ({ asked, isSupervised, held }) => {
  const clock = new VirtualClock()
  const time = new ServerTime(clock)
  const at = clock.epochMs()
  const desired = asked.map(([action, instance], i) => {
    const until = action === 'pause' ? at + 60_000 : null
    const by = { actor: 'ann', from: 'laptop', why: 'a disk', at, expires: at + 60_000, until }
    const request: ControlRequest = { id: `${i}`.repeat(32), action, service: 'mailer', instance, ...by }
    return [instance ?? '*', encodeRequest(request)]
  })
  const client = {
    healthTime: () => Promise.resolve([String(at / 1000), '0']),
    hgetall: () => Promise.resolve(Object.fromEntries(desired) as Record<string, string>),
    xrevrange: () => Promise.resolve([]),
  } as unknown as PublisherClient
  const connection = {
    up: true,
    connected: () => Promise.resolve(true),
    run: <T>(command: (of: PublisherClient) => Promise<T>) => command(client),
  }
  const of = { connection, names: shardNames(), service: 'mailer', instance: 'i1', clock, time }
  const found: string[] = []
  const known = Promise.withResolvers<void>()
  const listening = new Listening({
    ...{ ...of, answers: new Answers(of), age: () => 0, isSupervised, onKnown: () => known.resolve() },
    obedience: { consider: () => Promise.resolve(), comeBackHeld: ({ state }) => void found.push(state) },
  })
  await known.promise
  listening.stop()
  expect(found).toEqual(held === 'works' ? [] : [held])
})
