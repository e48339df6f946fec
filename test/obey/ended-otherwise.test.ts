/** An instance that ends while it does something that was asked of it, or does not end by SIGTERM: who asked hears what is so, and no more. */
import { expect, test } from 'vitest'

import { AskedInstance } from './asked-instance.ts'

const SUPERVISED = { restarts: true, ending: () => {} }

test.for([
  { action: 'drain', inHand: 2, says: 'drain failed: it has ended for another reason with 2 pieces of work in hand' },
  { action: 'stop', inHand: 1, says: 'stop failed: it has ended for another reason with 1 piece of work in hand' },
  { action: 'restart', inHand: 1, says: 'restart failed: it has ended for another reason with 1 piece of work in hand' },
] as const)('a $action that its supervisor was not told of has failed, for that may start it again', async ({ action, inHand, says }) => {
  const instance = new AskedInstance({ supervised: SUPERVISED })
  for (let i = 0; i < inHand; i++) instance.inHand.begin('mails')
  await instance.ask(action)
  instance.obedience.stopped()
  await instance.pass(0)
  expect(instance.said()).toEqual([says])
})

test('a stop that its supervisor was told of is told by the supervisor', async () => {
  const instance = new AskedInstance({ supervised: SUPERVISED })
  await instance.ask('stop')
  await instance.pass(1)
  expect(instance.ends).toBe(1)
  instance.obedience.stopped()
  await instance.pass(0)
  expect(instance.said()).toEqual([])
})

test('a pause that was under way has failed when it ends, without a supervisor too', async () => {
  const instance = new AskedInstance({ hooks: { onPause: () => new Promise(() => {}) } })
  await instance.ask('pause')
  instance.obedience.stopped()
  await instance.pass(0)
  expect(instance.said()).toEqual(['pause failed: it has ended for another reason, with nothing in hand'])
})

test('what does not end by SIGTERM goes on to say so: its supervisor makes it end', async () => {
  const instance = new AskedInstance({ supervised: SUPERVISED })
  await instance.ask('restart')
  await instance.pass(300)
  expect([instance.ends, instance.said()]).toEqual([1, []])
})
