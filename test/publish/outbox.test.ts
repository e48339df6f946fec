import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Outbox, type OutboxEntry } from '../../src/publish/outbox.ts'

let n = 0
const entry = (alertId: string, silent = false): OutboxEntry => ({ n: ++n, alertId, silent, sent: false })
const names = (outbox: Outbox<OutboxEntry>) => [...outbox.values()].map(({ alertId }) => alertId)

test('entries come out in the order in which they came', () => {
  const outbox = new Outbox<OutboxEntry>(10)
  for (const id of ['a', 'b', 'a']) outbox.add(entry(id))
  expect(names(outbox)).toEqual(['a', 'b', 'a'])
})

test('when full, each alert keeps its first and its last entry', () => {
  const outbox = new Outbox<OutboxEntry>(5)
  const entries = ['a', 'a', 'b', 'a', 'b'].map((id) => entry(id))
  for (const each of entries) expect(outbox.add(each)).toBe(0)
  const last = entry('b')
  expect(outbox.add(last)).toBe(2)
  expect([...outbox.values()]).toEqual([entries[0], entries[2], entries[3], last])
})

test('with more alerts than places the oldest go', () => {
  const outbox = new Outbox<OutboxEntry>(2)
  outbox.add(entry('a'))
  outbox.add(entry('b'))
  expect(outbox.add(entry('c'))).toBe(1)
  expect(names(outbox)).toEqual(['b', 'c'])
})

test('a saved state that is no longer the newest need not be written, unless it is on its way', () => {
  const outbox = new Outbox<OutboxEntry>(10)
  outbox.add(entry('a', true))
  outbox.add(entry('a', true))
  expect(outbox.size).toBe(1)
  for (const each of outbox.values()) each.sent = true
  outbox.add(entry('a'))
  expect(outbox.size).toBe(2)
})

test('the bound holds, and the newest entry is always there', () => {
  const operations = fc.array(fc.record({ alertId: fc.constantFrom('a', 'b', 'c', 'd'), silent: fc.boolean(), deleteFirst: fc.boolean() }))
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), operations, (limit, list) => {
      const outbox = new Outbox<OutboxEntry>(limit)
      for (const { alertId, silent, deleteFirst } of list) {
        const [first] = outbox.values()
        if (deleteFirst && first) outbox.delete(first)
        const added = entry(alertId, silent)
        outbox.add(added)
        expect(outbox.size).toBeLessThanOrEqual(limit)
        expect([...outbox.values()].at(-1)).toBe(added)
        expect(outbox.has(alertId)).toBe(true)
      }
    }),
  )
})
