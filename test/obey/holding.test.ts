import { beforeEach, expect, test } from 'vitest'

import { clockTime } from '../../src/obey/clock-time.ts'
import { heldReason, Holding } from '../../src/obey/holding.ts'
import { Hold } from '../../src/instrument/calls/hold.ts'
import type { ControlRequest } from '../../src/wire/control-request.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const NOW = Date.UTC(2026, 10, 22, 10)
const request: ControlRequest = {
  ...{ id: 'a'.repeat(32), action: 'pause', service: 'mailer', instance: null, actor: 'ann', from: 'laptop', why: 'a larger disk' },
  ...{ at: NOW, expires: NOW + 60_000, until: NOW + 3_600_000 },
}
const PAUSED = { phase: 'paused', reason: 'paused by ann' } as const
const AT = { state: 'paused', request, shown: PAUSED } as const

let clock: VirtualClock
let hold: Hold
let log: string[]
beforeEach(() => {
  clock = new VirtualClock()
  hold = new Hold(clock)
  log = []
})

function holdingWith(hooks: { onPause?: () => unknown; onResume?: () => unknown } = {}): Holding {
  return new Holding({ waiting: hold, hooks, clock, show: (shown) => log.push(shown?.phase ?? 'nothing') })
}
const logs = (what: string) => (): void => void log.push(what)

test('nothing is taken before its hook is called, and it goes on before the other is', async () => {
  const holding = holdingWith({
    onPause: () => log.push(`onPause, held ${hold.isHeld}`),
    onResume: () => log.push(`onResume, held ${hold.isHeld}`),
  })
  await holding.pause(AT)
  expect(holding.at).toEqual({ state: 'paused', request, shown: PAUSED })
  await holding.resume()
  expect([log, holding.at]).toEqual([['paused', 'onPause, held true', 'nothing', 'onResume, held false'], undefined])
})

test.for([
  {
    why: 'an error with a code',
    thrown: Object.assign(new Error('the password is hunter2'), { code: 'ECONNREFUSED' }),
    says: 'ECONNREFUSED',
  },
  { why: 'an error of a class', thrown: new TypeError('the password is hunter2'), says: 'TypeError' },
  { why: 'nothing that can be named', thrown: 'the password is hunter2', says: 'an error' },
])('a hook that throws $why fails the pause, which is then none', async ({ thrown, says }) => {
  const holding = holdingWith({
    onPause() {
      throw thrown
    },
  })
  await expect(holding.pause(AT)).rejects.toThrow(`onPause of health.config threw ${says}`)
  expect([hold.isHeld, holding.at, log]).toEqual([false, undefined, ['paused', 'nothing']])
})

test('a hook that never answers fails the pause after 30 s', async () => {
  const holding = holdingWith({ onPause: () => new Promise(() => {}) })
  const paused = holding.pause(AT).catch((error: Error) => error.message)
  clock.advance(30_000)
  expect(await paused).toBe('onPause of health.config took longer than 30 s')
  expect(hold.isHeld).toBe(false)
})

test('a pause that is called off while its hook is under way is undone when the hook is over', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const holding = holdingWith({ onPause: () => promise, onResume: logs('onResume') })
  const paused = holding.pause(AT)
  await holding.resume()
  resolve()
  await paused
  expect([log, hold.isHeld]).toEqual([['paused', 'nothing', 'onResume'], false])
})

test('a hook is called once, however often the service is paused and asked again', async () => {
  const holding = holdingWith({ onPause: logs('onPause') })
  holding.begin({ ...AT, state: 'stopped' })
  await Promise.all([holding.pauseByHook(), holding.pauseByHook()])
  await holding.pause(AT)
  expect(log).toEqual(['paused', 'onPause', 'paused'])
})

test.for([
  { what: 'paused' as const, given: {}, says: 'paused by ann until 11:00 UTC: a larger disk' },
  { what: 'paused' as const, given: { until: NOW + 90_000_000 }, says: 'paused by ann until 2026-11-23 11:00 UTC: a larger disk' },
  { what: 'draining' as const, given: {}, says: 'draining by ann: a larger disk' },
  { what: 'stopped' as const, given: { until: null }, says: 'stopped by ann: a larger disk: start it to have it work again' },
])('it says $says', ({ what, given, says }) => {
  expect(heldReason(what, { ...request, ...given }, NOW)).toBe(says)
})

test('a time has its seconds where it has any, and its date where that is another day', () => {
  expect([clockTime(NOW + 1000, NOW), clockTime(NOW - 86_400_000, NOW)]).toEqual(['10:00:01 UTC', '2026-11-21 10:00 UTC'])
})

test('what it could not let go on is shown until it goes on, though it is asked again meanwhile, and who resumes it is told what comes of that', async () => {
  const again = Promise.withResolvers<void>()
  const calls = [() => Promise.reject(new TypeError('no')), () => again.promise]
  const holding = holdingWith({ onResume: () => calls.shift()!() })
  const isShown = (): readonly unknown[] => [holding.isPausedInPart, log.splice(0)]
  await holding.pause(AT)
  expect(isShown()).toEqual([false, ['paused']])
  await expect(holding.resume()).rejects.toThrow('onResume of health.config threw TypeError')
  expect(isShown()).toEqual([true, ['nothing', 'nothing']])
  const asked = [holding.resumeByHook(), holding.resumeByHook()]
  expect(isShown()).toEqual([true, []])
  again.resolve()
  await Promise.all(asked)
  expect([...isShown(), calls.length]).toEqual([false, ['nothing'], 0])
})

test('what is paused again is not paused in part', async () => {
  const holding = holdingWith({ onResume: () => Promise.reject(new TypeError('no')) })
  await holding.pause(AT)
  await holding.resume().catch(() => {})
  await holding.pause(AT)
  expect(holding.isPausedInPart).toBe(false)
})
