/** A pause ends by itself, whatever comes in between, and it says what has come of it: that it works again, what waits, and what would not go on. */
import { expect, test } from 'vitest'

import { AskedInstance } from './asked-instance.ts'

const WORKS = 'pause ended: its time was up: it works again'

test('it ends at its time, and says so, once', async () => {
  const instance = new AskedInstance()
  await instance.ask('pause', 60)
  expect([instance.hold.isHeld, instance.shown?.phase, instance.said()]).toEqual([true, 'paused', ['pause done: it is paused']])
  await instance.pass(59)
  expect([instance.hold.isHeld, instance.said()]).toEqual([true, []])
  await instance.pass(600)
  expect([instance.hold.isHeld, instance.shown, instance.said()]).toEqual([false, undefined, [WORKS]])
})

test('it says what is not paused with the rest, and what is in hand still', async () => {
  const instance = new AskedInstance({ pausable: () => ({ any: true, goesOn: ['a cron job'] }) })
  instance.inHand.begin('mails')
  await instance.ask('pause')
  expect(instance.said()).toEqual([
    'pause done: it is paused; 1 piece of work in hand will still be done; what cannot be paused goes on: a cron job',
  ])
})

test.for([
  { how: 'by itself', end: (instance: AskedInstance) => instance.pass(60), says: WORKS },
  { how: 'by a resume', end: (instance: AskedInstance) => instance.ask('resume'), says: 'resume done: it works again' },
])('when it ends $how it is said what came to wait meanwhile', async ({ end, says }) => {
  const instance = new AskedInstance()
  instance.waiting = 100
  await instance.ask('pause', 60)
  instance.waiting = 1300
  instance.said()
  await end(instance)
  expect(instance.said()).toEqual([`${says}; 1,200 more wait in its queues than when it was paused`])
})

test('of a pause that is asked for again, longer, what waits is counted from the first', async () => {
  const instance = new AskedInstance()
  instance.waiting = 100
  await instance.ask('pause', 60)
  instance.waiting = 200
  await instance.ask('pause', 600)
  instance.waiting = 300
  instance.said()
  await instance.pass(599)
  expect(instance.said()).toEqual([])
  await instance.pass(1)
  expect(instance.said()).toEqual([`${WORKS}; 200 more wait in its queues than when it was paused`])
})

test('an earlier pause is not counted among what came to wait during a drain that was called off', async () => {
  const instance = new AskedInstance()
  instance.waiting = 100
  await instance.ask('pause')
  await instance.ask('resume')
  instance.waiting = 5000
  instance.inHand.begin('mails')
  await instance.ask('drain')
  instance.waiting = 5007
  instance.said()
  await instance.ask('resume')
  expect(instance.said()).toContain('resume done: it works again; 7 more wait in its queues than when it was paused')
})

test.for([
  {
    how: 'by itself',
    end: (instance: AskedInstance) => instance.pass(60),
    says: 'pause ended: its time was up, but onResume of health.config threw ECRON',
  },
  {
    how: 'by a resume',
    end: (instance: AskedInstance) => instance.ask('resume'),
    says: 'resume failed: onResume of health.config threw ECRON',
  },
])(
  'where the service cannot let go on what it pauses itself, as it ends $how, that is said, and it can be resumed again',
  async ({ end, says }) => {
    let isBroken = true
    const onResume = (): void => {
      if (isBroken) throw Object.assign(new Error('no'), { code: 'ECRON' })
    }
    const instance = new AskedInstance({ hooks: { onResume } })
    await instance.ask('pause', 60)
    instance.said()
    await end(instance)
    // What we have paused goes on all the same, and work is owed.
    expect([instance.hold.isHeld, instance.shown, instance.said()]).toEqual([false, undefined, [says]])
    await instance.ask('resume')
    isBroken = false
    await instance.ask('resume')
    await instance.ask('resume')
    expect(instance.said()).toEqual([
      'resume failed: onResume of health.config threw ECRON',
      'resume done: it works again',
      'resume refused: it is not paused',
    ])
  },
)

const SUPERVISED = { restarts: true, ending() {} }

test('its time comes while a restart waits for work in hand: given up, that leaves nothing paused', async () => {
  const instance = new AskedInstance({ supervised: SUPERVISED })
  instance.inHand.begin('mails')
  await instance.ask('pause', 30)
  await instance.ask('restart')
  expect(instance.shown).toEqual({ phase: 'draining', reason: 'draining by ann: to restart' })
  instance.said()
  await instance.pass(61)
  expect(instance.said()).toEqual(['restart failed: 1 piece of work still in hand after 60 s; it goes on as it did', WORKS])
  expect([instance.hold.isHeld, instance.shown]).toEqual([false, undefined])
})

test('its time has not come: a restart that is given up leaves it paused as before, until then', async () => {
  const instance = new AskedInstance({ supervised: SUPERVISED })
  instance.inHand.begin('mails')
  await instance.ask('pause', 600)
  const before = instance.shown
  await instance.ask('restart')
  await instance.pass(61)
  expect([instance.hold.isHeld, instance.shown]).toEqual([true, before])
  instance.said()
  await instance.pass(600)
  expect([instance.hold.isHeld, instance.said()]).toEqual([false, [WORKS]])
})

test('a hook that fails when it is asked to pause leaves a service that came back paused as it was, until its time', async () => {
  const onPause = (): never => {
    throw new TypeError('no')
  }
  const instance = new AskedInstance({ hooks: { onPause } })
  const at = instance.clock.epochMs()
  const names = { service: 'mailer', instance: null, actor: 'bob', from: 'laptop', why: 'a disk' }
  const request = { ...names, id: 'b'.repeat(32), action: 'pause' as const, at, expires: at + 60_000, until: at + 60_000 }
  instance.obedience.comeBackHeld({ state: 'paused', request })
  const before = instance.shown
  await instance.ask('drain')
  expect([instance.said(), instance.shown]).toEqual([['drain failed: onPause of health.config threw TypeError'], before])
  await instance.pass(60)
  expect([instance.hold.isHeld, instance.shown, instance.said()]).toEqual([false, undefined, [WORKS]])
})

test('one that was called off while the service could not pause is nothing to the next', async () => {
  const hooks = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const left = [...hooks]
  const instance = new AskedInstance({ hooks: { onPause: () => left.shift()!.promise } })
  await instance.ask('pause')
  await instance.ask('resume')
  hooks[0]!.reject(new TypeError('no'))
  await instance.pass(0)
  expect(instance.said()).toEqual(['resume done: it works again', 'pause failed: onPause of health.config threw TypeError'])
  await instance.ask('pause')
  hooks[1]!.resolve()
  await instance.pass(0)
  expect([instance.hold.isHeld, instance.said()]).toEqual([true, ['pause done: it is paused']])
})
