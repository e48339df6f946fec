/**
 * Two processes that bear the same name, as they may after a restart or by mistake, on a connection that fails before or after any command:
 * each request is done by one of them at most, and each is answered.
 */
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { HealthControl } from '../../src/control/health-control.ts'
import { Hold } from '../../src/instrument/calls/hold.ts'
import { Answers } from '../../src/obey/answers.ts'
import { Holding } from '../../src/obey/holding.ts'
import { Listening } from '../../src/obey/listening.ts'
import { Obedience } from '../../src/obey/obedience.ts'
import { QueueGrowth } from '../../src/obey/queue-growth.ts'
import { ServerTime } from '../../src/obey/server-time.ts'
import { WorkInHand } from '../../src/record/work-in-hand.ts'
import { CONTROL_ACTIONS, type ControlAction } from '../../src/wire/control-request.ts'
import { shardNames } from '../../src/wire/names.ts'
import { createPublisher, type PublisherClient } from '../../src/wire/redis-client.ts'
import { isAlive } from '../support/asked-service.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const names = shardNames()
const SERVICE = 'mailer'

let valkey: EmbeddedValkey
let redis: Redis
let client: PublisherClient
beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  client = (await createPublisher({ host: '127.0.0.1', port: valkey.port }, 5000)).client
  await client.connect()
})
afterAll(async () => {
  client.disconnect()
  redis.disconnect()
  await valkey.stop()
})

type Fault = 'none' | 'before' | 'after'

/** What a process does that is asked, with what goes wrong on its connection, command by command. */
function processOf(clock: VirtualClock, faults: Fault[]) {
  const done: string[] = []
  const connection = {
    up: true,
    connected: () => Promise.resolve(true),
    async run<T>(command: (asked: PublisherClient) => Promise<T>): Promise<T> {
      const fault = faults.shift() ?? 'none'
      if (fault === 'before') throw new Error('There is no connection to Redis.')
      const answer = await command(client)
      if (fault === 'after') throw new Error('Connection is closed.')
      return answer
    },
  }
  const time = new ServerTime(clock)
  const own = { connection, names, service: SERVICE, instance: 'i1', clock, time }
  const answers = new Answers(own)
  const holding = new Holding({
    ...{ waiting: new Hold(clock), clock, show() {} },
    hooks: { onPause: () => done.push(holding.at!.request!.id), onResume: () => done.push('resumed') },
  })
  const obedience = new Obedience({
    ...{ instance: 'i1', allow: CONTROL_ACTIONS, answers, holding, inHand: new WorkInHand(clock), time, clock },
    ...{ supervised: undefined, turn: undefined, drainLimitMs: 60_000, saysDraining: () => false, end() {} },
    pausable: () => ({ any: true, goesOn: [] }),
    growth: new QueueGrowth(() => undefined),
  })
  const listening = new Listening({ ...own, answers, obedience, age: () => 0, isSupervised: false, onKnown() {} })
  return { done, stop: () => listening.stop() }
}

const faultsOf = fc.array(fc.constantFrom<Fault>('none', 'none', 'before', 'after'), { maxLength: 60 })

test('whatever is lost on the way, nothing is done twice, and all is answered', { timeout: 120_000 }, async () => {
  const control = new HealthControl({ client: redis, from: 'laptop' })
  const ask = (action: ControlAction) => control.request(action, { service: SERVICE }, { by: 'ann', why: 'it is tried' })
  await fc.assert(
    fc.asyncProperty(faultsOf, faultsOf, async (ofOne, ofOther) => {
      await redis.flushall()
      await isAlive(redis, names, { instance: 'i1', control: CONTROL_ACTIONS })
      const clock = new VirtualClock()
      const processes = [processOf(clock, ofOne), processOf(clock, ofOther)]
      const requests = () => control.requests(SERVICE)
      /** Commands are answered in real time, and all timers are the virtual clock's. */
      const until = async (holds: () => Promise<boolean>): Promise<void> => {
        for (let i = 0; i < 500 && !(await holds()); i++) {
          clock.advance(500)
          await redis.ping()
        }
        expect(await holds()).toBe(true)
      }
      // Both know what they are to be, and from when on they listen.
      await until(async () => clock.monotonicMs() > 40_000 && Promise.resolve(true))
      for (const action of ['pause', 'resume', 'pause'] as const) {
        await ask(action)
        await until(async () => (await requests()).every(({ state }) => !['waiting', 'under way'].includes(state)))
      }
      await until(async () => Promise.resolve(ofOne.length + ofOther.length === 0 || clock.monotonicMs() > 100_000))
      for (const { stop } of processes) stop()
      const all = processes.flatMap(({ done }) => done).filter((each) => each !== 'resumed')
      const views = await requests()
      expect(new Set(all).size).toBe(all.length)
      const donePauses = views
        .filter(({ request, state }) => request.action === 'pause' && state === 'done')
        .map(({ request }) => request.id)
      expect(all.toSorted()).toEqual(expect.arrayContaining(donePauses.toSorted()))
      for (const { answers } of views) {
        const finals = answers.filter(({ state }) => state !== 'accepted')
        expect(finals).toHaveLength(1)
      }
    }),
    { numRuns: 8 },
  )
})
