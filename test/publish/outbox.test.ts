import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Outbox, type OutboxEntry } from '../../src/publish/outbox.ts'

interface Entry extends OutboxEntry {
  readonly n: number
}

let n = 0
const entry = (alertId: string, silent = false): Entry => ({ n: ++n, alertId, silent, sent: false })

/** Each alert's entries in the order in which they would be sent. */
function drained(outbox: Outbox<Entry>): readonly Entry[] {
  const order: Entry[] = []
  while (outbox.size > 0) {
    for (const first of outbox.firsts()) {
      order.push(first)
      outbox.delete(first)
    }
  }
  return order
}

const of = (alertId: string, entries: readonly Entry[]) => entries.filter((each) => each.alertId === alertId)

function filled(limit: number, entries: readonly Entry[]): Outbox<Entry> {
  const outbox = new Outbox<Entry>(limit)
  for (const each of entries) outbox.add(each)
  return outbox
}

describe('order', () => {
  test('of each alert one entry at a time has its turn, in the order in which they came', () => {
    const [a1, b1, a2, a3] = ['a', 'b', 'a', 'a'].map((id) => entry(id)) as [Entry, Entry, Entry, Entry]
    const outbox = filled(10, [a1, b1, a2, a3])
    expect(outbox.firsts()).toEqual([a1, b1])
    expect([outbox.first('a'), outbox.first('b'), outbox.first('c')]).toEqual([a1, b1, undefined])
    outbox.delete(a1)
    expect(outbox.first('a')).toBe(a2)
    outbox.delete(b1)
    expect([outbox.has('a'), outbox.has('b'), outbox.size]).toEqual([true, false, 2])
    expect(drained(outbox)).toEqual([a2, a3])
  })

  test('an alert that has waited longest comes first, however often others come after it', () => {
    const outbox = filled(
      10,
      ['a', 'b', 'a', 'c', 'b'].map((id) => entry(id)),
    )
    expect(outbox.firsts().map(({ alertId }) => alertId)).toEqual(['a', 'b', 'c'])
  })

  test('what is not in it is not deleted', () => {
    const outbox = filled(10, [entry('a')])
    outbox.delete(entry('a'))
    outbox.delete(entry('b'))
    expect(outbox.size).toBe(1)
  })
})

describe('when full', () => {
  test('each alert keeps its first and its last entry, and it is said how many were dropped', () => {
    const entries = ['a', 'a', 'b', 'a', 'b'].map((id) => entry(id))
    const outbox = new Outbox<Entry>(5)
    for (const each of entries) expect(outbox.add(each)).toBe(0)
    const last = entry('b')
    expect(outbox.add(last)).toBe(2)
    const kept = drained(outbox)
    expect([of('a', kept), of('b', kept)]).toEqual([
      [entries[0], entries[3]],
      [entries[2], last],
    ])
  })

  test('with more alerts than places the oldest go', () => {
    const outbox = filled(2, [entry('a'), entry('b')])
    expect(outbox.add(entry('c'))).toBe(1)
    expect(drained(outbox).map(({ alertId }) => alertId)).toEqual(['b', 'c'])
  })

  test('of the oldest what is true now outlives what began, and the newest outlives all', () => {
    const [a1, a2, b1, c1, a3] = ['a', 'a', 'b', 'c', 'a'].map((id) => entry(id)) as [Entry, Entry, Entry, Entry, Entry]
    const outbox = filled(3, [a1, a2, b1])
    expect(outbox.add(c1)).toBe(1)
    expect(of('a', drained(outbox))).toEqual([a2])
    const narrow = filled(2, [a1, b1, c1])
    expect(narrow.add(a3)).toBe(1)
    expect(drained(narrow)).toEqual([c1, a3])
  })

  test('an answer to what was dropped meanwhile changes nothing', () => {
    const sent = { ...entry('a'), sent: true }
    const outbox = filled(1, [sent, entry('b')])
    outbox.delete(sent)
    expect(drained(outbox).map(({ alertId }) => alertId)).toEqual(['b'])
  })
})

describe('a state without a transition', () => {
  test('gives way to whatever is newer of the same alert', () => {
    const [first, second, told] = [entry('a', true), entry('a', true), entry('a')]
    expect(drained(filled(10, [first, second]))).toEqual([second])
    expect(drained(filled(10, [first, second, told]))).toEqual([told])
  })

  test('stays if it is on its way', () => {
    const [sent, newer] = [{ ...entry('a', true), sent: true }, entry('a')]
    expect(drained(filled(10, [sent, newer]))).toEqual([sent, newer])
  })

  test('stays if it is of another alert, or came after what is told', () => {
    const entries = [entry('a'), entry('a', true), entry('b', true), entry('c')]
    expect(filled(10, entries).size).toBe(4)
  })
})

const operations = fc.array(
  fc.record({ alertId: fc.constantFrom('a', 'b', 'c', 'd'), silent: fc.boolean(), act: fc.constantFrom('answer', 'send', 'nothing') }),
)

test('whatever happens the bound holds, the newest is there, order is kept, and nothing is lost uncounted', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), operations, (limit, list) => {
      const outbox = new Outbox<Entry>(limit)
      let [added, answered, dropped, replaced] = [0, 0, 0, 0]
      const last = new Map<string, number>()
      for (const { alertId, silent, act } of list) {
        const [first] = outbox.firsts()
        if (act === 'answer' && first) {
          expect(first.n).toBeGreaterThan(last.get(first.alertId) ?? 0)
          last.set(first.alertId, first.n)
          outbox.delete(first)
          answered++
        }
        if (act === 'send' && first) first.sent = true
        const before = outbox.size
        const each = entry(alertId, silent)
        const gone = outbox.add(each)
        added++
        dropped += gone
        replaced += before + 1 - gone - outbox.size
        expect(outbox.size).toBeLessThanOrEqual(limit)
        expect(outbox.size).toBe(added - answered - dropped - replaced)
        expect(outbox.has(alertId)).toBe(true)
        expect(new Set(outbox.firsts().map((one) => one.alertId)).size).toBe(outbox.firsts().length)
      }
      const rest = drained(outbox)
      for (const alertId of ['a', 'b', 'c', 'd']) {
        const numbers = [last.get(alertId) ?? 0, ...of(alertId, rest).map((each) => each.n)]
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
      }
      if (list.length > 0) expect(rest.map((each) => each.n)).toContain(n)
    }),
  )
})

test.for([
  { why: 'what has no transition is forgotten', entries: [entry('a', true)], forgotten: true, left: ['b'] },
  {
    why: 'a transition stays, and what comes before and after it',
    entries: [entry('a', true), entry('a'), entry('a', true)],
    left: ['a', 'b'],
  },
  { why: 'there is nothing of it', entries: [], forgotten: true, left: ['b'] },
])('of an alert that is not as it seemed: $why', ({ entries, forgotten = false, left }) => {
  const outbox = filled(10, [...entries, entry('b', true)])
  expect(outbox.forgetSilent('a')).toBe(forgotten)
  expect([...new Set(drained(outbox).map(({ alertId }) => alertId))]).toEqual(left)
})
