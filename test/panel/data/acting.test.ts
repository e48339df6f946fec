import { expect, test } from 'vitest'

import { ControlError } from '../../../src/control/control-error.ts'
import { acting, type Controlling } from '../../../src/panel/data/acting.ts'
import type { ActionRequest, AlertAction } from '../../../src/panel/protocol.ts'

const ADA = { by: 'ada', from: '10.0.0.7' }

/** Takes down what is asked of it; alerts whose id begins with `over` are over. */
function control(): { readonly asked: string[]; readonly control: Controlling } {
  const asked: string[] = []
  const handler = {
    get: (_target: object, name: string) => async (which: string, said: object) => {
      if (which.startsWith('over')) throw new ControlError('state', `The alert ${which} is over already.`)
      if (which.startsWith('lost')) throw new Error('ECONNREFUSED')
      asked.push(`${name} ${which} ${JSON.stringify(said)}`)
      return await Promise.resolve({ id: `${name}d ${which}` })
    },
  }
  return { asked, control: new Proxy({}, handler) as Controlling }
}

test.for<{ readonly action: AlertAction; readonly request: Omit<ActionRequest, 'why'>; readonly asked: string; readonly done: string }>([
  { action: 'ack', request: { alerts: ['a1'], forMs: 5 }, asked: 'ack a1 {"by":"ada","why":"w","from":"10.0.0.7","forMs":5}', done: 'a1' },
  { action: 'unack', request: { alerts: ['a1'] }, asked: 'unack a1 {"by":"ada","why":"w","from":"10.0.0.7"}', done: 'a1' },
  { action: 'resolve', request: { alerts: ['a1'] }, asked: 'resolve a1 {"by":"ada","why":"w","from":"10.0.0.7"}', done: 'a1' },
  { action: 'note', request: { alerts: ['a1'] }, asked: 'note a1 {"by":"ada","why":"w","from":"10.0.0.7"}', done: 'a1' },
  {
    ...{ action: 'silence', request: { matcher: 'service=a', forMs: 5 } },
    ...{ asked: 'silence service=a {"by":"ada","why":"w","from":"10.0.0.7","forMs":5}', done: 'silenced service=a' },
  },
  {
    ...{ action: 'silence', request: { untilResolved: 'a1' } },
    ...{ asked: 'silenceUntilResolved a1 {"by":"ada","why":"w","from":"10.0.0.7"}', done: 'silenceUntilResolvedd a1' },
  },
  {
    ...{ action: 'maintenance', request: { matcher: '*', forMs: 60_000, every: 'daily 03:00', zone: 'Europe/Berlin' } },
    ...{
      asked: 'maintenance * {"by":"ada","why":"w","from":"10.0.0.7","every":"daily 03:00","zone":"Europe/Berlin","forSeconds":60}',
      done: 'maintenanced *',
    },
  },
  {
    ...{ action: 'maintenance', request: { matcher: '*', forMs: 60_000 } },
    ...{ asked: 'silence * {"by":"ada","why":"w","from":"10.0.0.7","forMs":60000}', done: 'silenced *' },
  },
  {
    action: 'unsilence',
    request: { silence: 's1' },
    asked: 'unsilence s1 {"by":"ada","why":"w","from":"10.0.0.7"}',
    done: 'unsilenced s1',
  },
  {
    action: 'extend',
    request: { silence: 's1', forMs: 5 },
    asked: 'extend s1 {"by":"ada","why":"w","from":"10.0.0.7","forMs":5}',
    done: 'extendd s1',
  },
  { action: 'forget', request: { service: 'mailer' }, asked: 'forget mailer {"by":"ada","why":"w","from":"10.0.0.7"}', done: 'mailer' },
])('$action asks: $asked', async ({ action, request, asked, done }) => {
  const given = control()
  expect(await acting(given.control, action, { ...request, why: 'w' }, ADA)).toEqual({ done: [done], refused: [] })
  expect(given.asked).toEqual([asked])
})

test('of several alerts each is dealt with alone, and once', async () => {
  const { control: given, asked } = control()
  const alerts = ['a1', 'over1', 'a2', 'a1', 'over2', 'a3', 'a4', 'a5']
  expect(await acting(given, 'ack', { alerts, why: 'w' }, ADA)).toEqual({
    done: ['a1', 'a2', 'a3', 'a4', 'a5'],
    refused: [
      { what: 'over1', why: 'The alert over1 is over already.' },
      { what: 'over2', why: 'The alert over2 is over already.' },
    ],
  })
  expect(asked).toHaveLength(5)
})

test.for<{ readonly action: AlertAction; readonly request: Omit<ActionRequest, 'why'>; readonly why: string }>([
  { action: 'ack', request: {}, why: 'There is no alert among alerts' },
  { action: 'ack', request: { alerts: Array.from({ length: 501 }, (_, i) => `a${i}`) }, why: 'There are 501 alerts' },
  { action: 'silence', request: { forMs: 5 }, why: 'There is no matcher' },
  { action: 'silence', request: { matcher: '*' }, why: 'There is no forMs' },
  { action: 'maintenance', request: { every: 'daily 03:00' }, why: 'There is no matcher' },
  { action: 'unsilence', request: {}, why: 'There is no silence' },
  { action: 'extend', request: { silence: 's' }, why: 'There is no forMs' },
  { action: 'forget', request: {}, why: 'There is no service' },
])('$action is refused with a sentence: $why', async ({ action, request, why }) => {
  await expect(acting(control().control, action, { ...request, why: 'w' }, ADA)).rejects.toThrow(why)
  await expect(acting(control().control, action, { ...request, why: 'w' }, ADA)).rejects.toBeInstanceOf(ControlError)
})

test('that Redis does not answer is no refusal', async () => {
  await expect(acting(control().control, 'ack', { alerts: ['lost'], why: 'w' }, ADA)).rejects.toThrow('ECONNREFUSED')
})
