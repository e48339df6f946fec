/** What a process that is watched does for those who ask, from its start on: nothing where nothing is allowed. */
import { setImmediate } from 'node:timers/promises'

import { beforeEach, expect, test } from 'vitest'

import type { ControlConfig } from '../../src/config/control-config.ts'
import { resolveOptions } from '../../src/config/options.ts'
import { Hold } from '../../src/instrument/calls/hold.ts'
import { obey } from '../../src/obey/obey.ts'
import { WorkInHand } from '../../src/record/work-in-hand.ts'
import type { Controlled } from '../../src/service/controlled.ts'
import type { ProcessState, StartedFor, Supervised } from '../../src/supervised/supervised.ts'
import type { Phase } from '../../src/types.ts'
import { encodeRequest, parseAnswer, type ControlRequest } from '../../src/wire/control-request.ts'
import type { PublisherClient } from '../../src/wire/redis-client.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

let clock: VirtualClock
let hold: Hold
let phase: Phase
/** How often Redis was asked anything. */
let asked: number
let answers: string[]
/** How the last of them ends. */
let reason: string | undefined
/** How much waits in its queues. */
let waiting: number | undefined
let beats: ProcessState[]
let desired: ControlRequest | undefined
beforeEach(() => {
  clock = new VirtualClock()
  hold = new Hold(clock)
  phase = 'running'
  asked = 0
  answers = []
  reason = undefined
  waiting = undefined
  beats = []
  desired = undefined
})

async function start(control: ControlConfig | undefined, supervised?: Supervised): Promise<void> {
  const client = {
    healthAnswer: (...[, , , text]: readonly string[]) => {
      const { request, action, state, reason: why } = parseAnswer(text!)!
      reason = why
      answers.push(`${request} ${action} ${state}`)
      return Promise.resolve('ours')
    },
    // Where nothing is desired Redis does not answer.
    healthTime: () => (desired === undefined ? new Promise(() => {}) : Promise.resolve([String(clock.epochMs() / 1000), '0'])),
    hgetall: () => Promise.resolve({ '*': encodeRequest(desired!) }),
    xrevrange: () => Promise.resolve([]),
  } as unknown as PublisherClient
  const connection = {
    up: true,
    connected: () => Promise.resolve(true),
    run<T>(command: (of: PublisherClient) => Promise<T>): Promise<T> {
      asked++
      return command(client)
    },
  }
  const controlled = {
    ...{ publishedTo: { connection }, settings: resolveOptions({ env: {} }).settings, service: 'mailer', instance: 'i1' },
    ...{ inHand: new WorkInHand(clock), saysDraining: false, recoverable: () => [] },
    ...{ hold() {}, onDraining() {}, onStop() {}, onPhase() {}, supervisedIf() {}, pausedInPartIf() {}, recordInterrupted() {} },
    get waiting() {
      return waiting
    },
    get standing() {
      return { phase, instanceStatus: 'healthy' }
    },
  } as unknown as Controlled
  const pausable = () => ({ any: true, goesOn: [] })
  obey({ controlled, control, waiting: hold, pausable, supervised, clock, age: () => 0, end() {} })
  await setImmediate()
}

function supervisor(startedFor?: StartedFor): Supervised {
  return {
    ...{ id: 'run', restarts: true, ending() {}, signalled() {}, onDrain() {}, onInterrupted() {} },
    ...(startedFor && { startedFor }),
    beat: (state) => void beats.push(state),
  }
}

async function pass(seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    clock.advance(1000)
    await setImmediate()
  }
}

test.for<{ what: string; control: ControlConfig | undefined }>([
  { what: 'no control', control: undefined },
  { what: 'control that allows nothing', control: { allow: [] } },
  { what: 'hooks alone', control: { onPause() {} } },
])('of a service whose health.config says $what nothing is asked of Redis, and it is held by nothing', async ({ control }) => {
  await start(control)
  const wasHeld = hold.isHeld
  await pass(60)
  expect([wasHeld, hold.isHeld, asked]).toEqual([false, false, 0])
})

test('its supervisor hears it all the same, once a second, and what may be asked of it', async () => {
  await start(undefined, supervisor())
  await pass(60)
  expect([beats.length, beats[0]?.allow, asked]).toEqual([60, [], 0])
})

test('its supervisor hears it though Redis answers nothing', async () => {
  await start({ allow: ['stop'] }, supervisor())
  await pass(60)
  expect([beats.length, beats[0]?.allow]).toEqual([60, ['stop', 'start']])
})

test('nothing is taken at the start until it is known what the process is to be, and without an answer after a second', async () => {
  await start({ allow: ['pause'] })
  expect(hold.isHeld).toBe(true)
  await pass(1)
  expect([hold.isHeld, asked]).toEqual([false, 1])
})

test('what was started on request says that it runs when it does, once, and not while it is starting', async () => {
  phase = 'starting'
  await start(undefined, supervisor({ request: 'a'.repeat(32), action: 'restart', instance: 'i0' }))
  await pass(100)
  expect(answers).toEqual([])
  phase = 'running'
  await pass(10)
  expect(answers).toEqual([`${'a'.repeat(32)} restart done`])
})

test('what a service pauses itself is asked for every second until it can, and so is that it goes on', async () => {
  const log: string[] = []
  let isBroken = true
  const hook = (name: string) => () => {
    log.push(name)
    if (isBroken) throw new Error('no')
  }
  const at = clock.epochMs()
  desired = {
    ...{ id: 'a'.repeat(32), action: 'pause', service: 'mailer', instance: null, actor: 'ann', from: 'laptop', why: 'a disk' },
    ...{ at, expires: at + 60_000, until: at + 8000 },
  }
  await start({ allow: ['pause'], onPause: hook('onPause'), onResume: hook('onResume') })
  await pass(3)
  isBroken = false
  await pass(4)
  expect([hold.isHeld, log]).toEqual([true, ['onPause', 'onPause', 'onPause', 'onPause']])
  isBroken = true
  log.length = 0
  await pass(4)
  expect([hold.isHeld, new Set(log), log.length]).toEqual([false, new Set(['onResume']), 4])
  isBroken = false
  await pass(10)
  expect(log).toHaveLength(5)
})

test('of a process that came back paused it is said what came to wait since it came back, as soon as that was read', async () => {
  const at = clock.epochMs()
  desired = {
    ...{ id: 'a'.repeat(32), action: 'pause', service: 'mailer', instance: null, actor: 'ann', from: 'laptop', why: 'a disk' },
    ...{ at, expires: at + 60_000, until: at + 60_000 },
  }
  await start({ allow: ['pause'] })
  await pass(10)
  waiting = 40
  await pass(10)
  waiting = 52
  await pass(40)
  expect([hold.isHeld, reason]).toEqual([false, 'its time was up: it works again; 12 more wait in its queues than when it came back'])
})
