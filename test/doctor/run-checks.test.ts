import { expect, test } from 'vitest'
import { ok, type Finding } from '../../src/doctor/finding.ts'
import { runChecks, type Examination } from '../../src/doctor/run-checks.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const forever = (): Promise<never> => new Promise(() => {})

function start(checks: readonly Examination[], signal: AbortSignal = new AbortController().signal) {
  const clock = new VirtualClock()
  return { clock, found: runChecks(checks, { clock, limitMs: 8000, signal }) }
}

async function rest(found: AsyncGenerator<Finding>): Promise<string[]> {
  const told: string[] = []
  for await (const { name, status, message } of found) told.push(`${status} ${name}: ${message}`)
  return told
}

test('what is found comes in the order of the checks, whichever ends first, and all run at the same time', async () => {
  const slow = Promise.withResolvers<void>()
  const { found } = start([
    { name: 'slow', run: async () => (await slow.promise, [ok('slow', '1')]) },
    { name: 'quick', run: async () => (slow.resolve(), [ok('quick', '2'), ok('more', '3')]) },
  ])
  expect(await rest(found)).toEqual(['ok slow: 1', 'ok quick: 2', 'ok more: 3'])
})

test('a check that hangs is a finding when the time is over, and those after it are told all the same', async () => {
  let told: AbortSignal | undefined
  const { clock, found } = start([
    { name: 'first', run: async () => [ok('first', '1')] },
    { name: 'hangs', run: async (signal) => ((told = signal), await forever()) },
    { name: 'last', run: async () => [ok('last', '2')] },
  ])
  expect((await found.next()).value).toMatchObject({ name: 'first' })
  const hanging = rest(found)
  clock.advance(8000)
  expect(await hanging).toEqual(['fail hangs: no answer within 8 s', 'ok last: 2'])
  expect(told?.aborted).toBe(true)
  expect(clock.nextDue()).toBe(Infinity)
})

test('a check that breaks is a finding, in its first line', async () => {
  const { found } = start([
    {
      name: 'breaks',
      run: async () => {
        throw new Error('oh\nno')
      },
    },
  ])
  expect(await rest(found)).toEqual(['fail breaks: the check itself failed (oh)'])
})

test('who has seen enough is told no more', async () => {
  const enough = new AbortController()
  const { clock, found } = start([{ name: 'hangs', run: forever }], enough.signal)
  const ended = rest(found)
  enough.abort()
  expect(await ended).toEqual([])
  expect(clock.nextDue()).toBe(Infinity)
})
