/** When services are asked after: of whom something is under way each second, of the others as seldom as can be. */
import { expect, test } from 'vitest'

import type { AuditEntry } from '../../../src/control/audit.ts'
import { viewOfRequest, type RequestView } from '../../../src/control/request-view.ts'
import { AskedServices } from '../../../src/panel/data/asked-services.ts'
import type { ControlAnswer, ControlRequest } from '../../../src/wire/control-request.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { AT } from './views.ts'

const NAMES = ['a', 'b', 'c']

function requestOf(service: string): ControlRequest {
  return {
    ...{ id: service.repeat(32), action: 'drain', service, instance: null, actor: 'ann', from: 'x', why: 'w' },
    ...{ at: AT, expires: AT + 60_000, until: null },
  }
}

function answered(service: string, state: ControlAnswer['state']): ControlAnswer {
  return { request: service.repeat(32), action: 'drain', service, instance: 'i', state, at: AT + 1000 }
}

/** What Redis holds, and which services were asked after since it was looked at last. */
class Held {
  readonly clock: VirtualClock = new VirtualClock()
  readonly requests = new Map<string, RequestView>()
  audit: AuditEntry[] = []
  isWanted = true
  isAway = false
  /** Of which what is kept cannot be read. */
  broken = ''
  #read: string[] = []
  readonly asked: AskedServices = new AskedServices({
    control: {
      audit: () => this.#answer(this.audit),
      requests: (service) => {
        this.#read.push(service)
        return service === this.broken
          ? Promise.reject(new Error('WRONGTYPE'))
          : this.#answer([...this.requests.values()].filter(({ request }) => request.service === service))
      },
      desired: () => this.#answer([]),
    },
    clock: this.clock,
    services: () => NAMES,
    now: () => AT,
    isWanted: () => this.isWanted,
  })

  ask(service: string): void {
    this.requests.set(service, viewOfRequest(requestOf(service), ['i'], [], AT))
    this.audit = [{ id: `${this.audit.length}-0`, at: '', action: 'drain', service }, ...this.audit]
  }

  async seconds(count: number): Promise<readonly string[]> {
    this.#read = []
    for (let i = 0; i < count; i++) {
      this.clock.advance(1000)
      // Nothing here waits for anything but promises.
      for (let turn = 0; turn < 30; turn++) await Promise.resolve()
    }
    return this.#read
  }

  async #answer<T>(value: T): Promise<T> {
    if (this.isAway) throw new Error('ECONNREFUSED')
    return await Promise.resolve(value)
  }
}

test('while nobody looks nothing is asked', async () => {
  const held = new Held()
  held.isWanted = false
  held.ask('a')
  expect(await held.seconds(100)).toEqual([])
  expect(held.asked.of('a')).toBeUndefined()
})

test('all are asked after at first, then only whom something is under way of, until it is over', async () => {
  const held = new Held()
  expect(await held.seconds(1)).toEqual(NAMES)
  expect(await held.seconds(3)).toEqual([])
  held.ask('b')
  expect(await held.seconds(3)).toEqual(['b', 'b', 'b'])
  const before = held.asked.of('b')
  expect(before).toMatchObject({ requests: [{ state: 'waiting' }], desired: [] })
  await held.seconds(1)
  expect(held.asked.of('b')).toBe(before)
  held.requests.set('b', viewOfRequest(requestOf('b'), ['i'], [answered('b', 'done')], AT))
  await held.seconds(1)
  expect(held.asked.of('b')).toMatchObject({ requests: [{ state: 'done' }] })
  // Something of it may end by itself.
  expect(await held.seconds(20)).toEqual(['b', 'b'])
  held.requests.clear()
  await held.seconds(10)
  expect(held.asked.of('b')).toBeUndefined()
  expect(await held.seconds(60)).toEqual([])
})

test('what was asked while Redis was away is found when it is back', async () => {
  const held = new Held()
  await held.seconds(1)
  held.isAway = true
  await held.seconds(5)
  held.requests.set('c', viewOfRequest(requestOf('c'), ['i'], [], AT))
  held.isAway = false
  await held.seconds(1)
  expect(held.asked.of('c')).toMatchObject({ requests: [{ state: 'waiting' }] })
})

test('one that cannot be read keeps nobody else from being shown', async () => {
  const held = new Held()
  held.broken = 'a'
  held.ask('a')
  held.ask('c')
  await held.seconds(2)
  expect([held.asked.of('a'), held.asked.of('c')?.requests.length]).toEqual([undefined, 1])
})

test('who was asked from here is looked at at once', async () => {
  const held = new Held()
  held.ask('b')
  await held.asked.look('b')
  expect(held.asked.of('b')).toMatchObject({ requests: [{ state: 'waiting' }] })
})

test('names in the audit that are none, and other actions, are nobody to ask after', async () => {
  const held = new Held()
  await held.seconds(1)
  held.audit = [
    { id: '1-0', at: '', action: 'drain', service: '../evil' },
    { id: '2-0', at: '', action: 'ack', service: 'a' },
    { id: '3-0', at: '', action: 'drain' },
  ]
  expect(await held.seconds(2)).toEqual([])
})
