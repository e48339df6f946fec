/** A Redis that answers when the test says so, on a clock that the test moves. */
import { describe, expect, test } from 'vitest'
import { AlertWriter } from '../../src/publish/alert-writer.ts'
import type { AlertState } from '../../src/types.ts'
import { shardNames } from '../../src/wire/names.ts'
import type { AlertReply, PublisherClient } from '../../src/wire/redis-client.ts'
import { diagLines } from '../contracts/diag-lines.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { alertOf, type AlertChange } from '../wire/fixtures.ts'

const GONE_AFTER_MS = 90_000
const REFUSED = new Error('NOPERM this user has no permissions')
const UNANSWERED = new Error('Too many Cluster redirections')

/** One write as it was sent. */
class Write {
  readonly at: number
  readonly alertId: string
  readonly state: string
  readonly n: number
  readonly wasTold: boolean
  readonly text: string
  readonly #reply = Promise.withResolvers<AlertReply>()

  constructor(at: number, args: readonly string[]) {
    this.at = at
    this.text = args.join('\n')
    this.alertId = /^\{health\}:alert:(\S+)$/m.exec(this.text)![1]!
    this.state = /"state":"(\w+)"/.exec(this.text)?.[1] ?? ''
    this.n = Number(/"n":(\d+)/.exec(this.text)?.[1])
    this.wasTold = / told /.test(this.text)
  }

  get promise(): Promise<AlertReply> {
    return this.#reply.promise
  }

  async answers(outcome: AlertReply[0] = '1', state: AlertState = 'firing', epoch = 'e-1'): Promise<void> {
    this.#reply.resolve([outcome, '1', state, 'WARNING', '1', epoch])
    await settled()
  }

  async fails(error: Error): Promise<void> {
    this.#reply.reject(error)
    await settled()
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

function writerOf({ limit = 100, begun = true } = {}) {
  const clock = new VirtualClock()
  const sent: Write[] = []
  const is = { flowing: true, connected: true }
  const heard = { taken: 0, failed: 0, conflicts: 0, cut: 0, dropped: 0, epochs: [] as string[] }
  const client = {
    healthAlert: (...args: readonly string[]) => {
      const write = new Write(clock.monotonicMs(), args)
      sent.push(write)
      return write.promise
    },
  } as unknown as PublisherClient
  const writer = new AlertWriter({
    ...{
      names: shardNames(),
      service: 'tracker_fetcher',
      instance: '4f2c',
      goneAfterMs: GONE_AFTER_MS,
      retentionMs: 86_400_000,
      limit,
      clock,
    },
    delivery: {
      flowing: () => is.flowing,
      connected: () => is.connected,
      leaving: () => false,
      run: (command) => command(client),
      taken: () => void heard.taken++,
      failed: (error) => {
        heard.failed++
        return error === REFUSED
      },
      conflicted: () => void heard.conflicts++,
      cut: (count) => void (heard.cut += count),
      dropped: (count) => void (heard.dropped += count),
      heardEpoch: (epoch) => void heard.epochs.push(epoch),
    },
  })
  if (begun) writer.begin(1_700_000_000_000)
  const says = (state: AlertState, id = 'a', change: AlertChange = {}) => writer.say(alertOf({ id, state, ...change }), false)
  return { writer, clock, sent, is, heard, says }
}

const shown = (sent: readonly Write[]) => sent.map(({ alertId, state }) => `${alertId} ${state}`)

describe('what is said', () => {
  test('is sent in the same tick, with who says it, of what, and how long it is to be believed', () => {
    const { sent, writer } = writerOf()
    writer.say(alertOf({ id: 'a', scope: 'shared' }), false, 'rule_removed')
    expect(shown(sent)).toEqual(['a firing'])
    for (const part of [
      '"keep":90000',
      '"n":1',
      '4f2c',
      '{health}:open:tracker_fetcher',
      'shared',
      'rule_removed',
      '20 of 70 attempts failed',
    ])
      expect(sent[0]!.text).toContain(part)
  })

  test('waits for the first contact with the server, whose clock tells this process from an earlier one of its name', () => {
    const { sent, says, writer } = writerOf({ begun: false })
    says('firing')
    expect([sent, writer.begun, writer.sendFirst()]).toEqual([[], false, false])
    writer.begin(1_700_000_000_000)
    writer.begin(1_800_000_000_000)
    writer.sendAll()
    expect(sent[0]!.text).toMatch(/"start":1700000000000\d{3},/)
  })

  test('waits while messages are held back, and then comes in the order in which it was said', async () => {
    const { sent, says, writer, is } = writerOf()
    is.flowing = false
    says('firing')
    says('firing', 'b')
    says('resolved')
    expect([sent.length, writer.waiting]).toEqual([0, 3])
    is.flowing = true
    writer.sendAll()
    expect(shown(sent)).toEqual(['a firing', 'b firing'])
    await sent[0]!.answers()
    expect(shown(sent)).toEqual(['a firing', 'b firing', 'a resolved'])
  })

  test('of one alert is one at a time, in order; no other alert waits for it', async () => {
    const { sent, says, writer, heard } = writerOf()
    for (const state of ['firing', 'recovering', 'resolved'] as const) says(state)
    says('firing', 'b')
    expect(shown(sent)).toEqual(['a firing', 'b firing'])
    await sent[0]!.answers()
    await sent[2]!.answers('1', 'recovering')
    expect(shown(sent)).toEqual(['a firing', 'b firing', 'a recovering', 'a resolved'])
    await sent[3]!.answers('1', 'resolved')
    expect([writer.waiting, heard.taken]).toEqual([1, 3])
    expect(sent.map(({ n }) => n)).toEqual([1, 4, 2, 3])
  })

  test('is counted where texts were shortened, and where there was no room for it', () => {
    const { says, heard, is, writer } = writerOf({ limit: 2 })
    is.flowing = false
    says('firing', 'a', { message: 'x'.repeat(10_000) })
    for (const id of ['b', 'c', 'd']) says('firing', id)
    expect(heard).toMatchObject({ cut: 1, dropped: 2 })
    expect(writer.waiting).toBe(2)
  })

  test('of one alert first goes ahead alone when asked', () => {
    const { says, sent, writer, is } = writerOf()
    is.flowing = false
    expect(writer.sendFirst()).toBe(false)
    says('firing')
    says('firing', 'b')
    expect(writer.sendFirst()).toBe(true)
    expect(shown(sent)).toEqual(['a firing'])
  })
})

/** Fails whatever is sent last, time and again, and returns how long after each failure it was sent again. */
async function pauses(
  { clock, sent }: Pick<ReturnType<typeof writerOf>, 'clock' | 'sent'>,
  error: Error,
  times: number,
): Promise<number[]> {
  const gaps: number[] = []
  for (let i = 0; i < times; i++) {
    const write = sent.at(-1)!
    const before = sent.length
    await write.fails(error)
    const failedAt = clock.monotonicMs()
    while (sent.length === before && clock.monotonicMs() < failedAt + 60_000) clock.advance(1)
    gaps.push(clock.monotonicMs() - failedAt)
  }
  return gaps
}

describe('a write', () => {
  test('that is refused is sent again after pauses that grow up to 20 s, as it was', async () => {
    const it = writerOf()
    it.says('firing')
    const gaps = await pauses(it, REFUSED, 12)
    for (const [i, gap] of gaps.entries()) {
      const longest = Math.min(100 * 2 ** i, 20_000)
      expect(gap).toBeGreaterThanOrEqual(Math.floor(0.75 * longest))
      expect(gap).toBeLessThanOrEqual(longest)
    }
    expect(new Set(it.sent.map(({ text }) => text)).size).toBe(1)
    expect(it.heard).toMatchObject({ failed: 12, taken: 0, dropped: 0 })
    await it.sent.at(-1)!.answers()
    it.clock.advance(600_000)
    expect([it.sent.length, it.writer.waiting, it.heard.taken]).toEqual([13, 0, 1])
  })

  test('that is not answered is sent again within half a second', async () => {
    const it = writerOf()
    it.says('firing')
    const gaps = await pauses(it, UNANSWERED, 12)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(500)
    expect(gaps[0]).toBeLessThanOrEqual(100)
  })

  test('that goes ahead after trouble is sent again as well: the others wait for it', async () => {
    const it = writerOf()
    it.is.flowing = false
    it.says('firing')
    it.says('firing', 'b')
    it.writer.sendFirst()
    await pauses(it, UNANSWERED, 3)
    expect(shown(it.sent)).toEqual(Array.from({ length: 4 }, () => 'a firing'))
  })

  test('that fails keeps no other alert waiting, and what is newer of its own waits behind it', async () => {
    const { sent, says, clock, heard } = writerOf()
    says('firing')
    says('firing', 'b')
    await sent[0]!.fails(REFUSED)
    says('resolved', 'b')
    await sent[1]!.answers()
    expect(shown(sent)).toEqual(['a firing', 'b firing', 'b resolved'])
    // News of the alert itself is a reason to try again.
    says('resolved')
    await sent[3]!.fails(REFUSED)
    clock.advance(200)
    expect(shown(sent.slice(3))).toEqual(['a firing', 'a firing'])
    await sent[4]!.answers()
    expect(shown(sent).at(-1)).toBe('a resolved')
    expect(heard.taken).toBe(2)
  })

  test('that fails because the connection is lost waits for the next one', async () => {
    const { sent, says, clock, is, writer } = writerOf()
    says('firing')
    is.connected = is.flowing = false
    await sent[0]!.fails(UNANSWERED)
    clock.advance(600_000)
    expect([sent.length, writer.waiting]).toEqual([1, 1])
    is.connected = is.flowing = true
    writer.sendAll()
    expect(shown(sent)).toEqual(['a firing', 'a firing'])
  })

  test('without a transition that fails gives way to what is newer', async () => {
    const { sent, writer, says, clock } = writerOf()
    writer.say(alertOf({ id: 'a', state: 'pending' }), true)
    await sent[0]!.fails(REFUSED)
    says('firing')
    clock.advance(20_000)
    expect(shown(sent.slice(1))).toEqual(['a firing'])
    await sent[1]!.answers()
    expect(writer.waiting).toBe(0)
  })

  test('to an alert of a version that is not known is kept and tried again, which is said once', async () => {
    const lines = diagLines()
    const { sent, says, clock, writer, heard } = writerOf()
    says('firing')
    says('firing', 'b')
    await sent[0]!.answers('4')
    await sent[1]!.answers('4')
    for (let i = 0; i < 20; i++) {
      clock.advance(20_000)
      await Promise.all(sent.slice(2).map((write) => write.answers('4')))
    }
    expect(lines).toEqual([expect.stringContaining('is kept in Redis by a newer otel-health and is left alone')])
    expect(writer.waiting).toBe(2)
    expect(sent.length).toBeGreaterThan(20)
    clock.advance(20_000)
    for (const write of sent.slice(-2)) await write.answers('1')
    expect([writer.waiting, heard.taken, heard.failed, heard.dropped]).toEqual([0, 2, 0, 0])
  })

  test('of a process whose name a later one has taken is given up, counted, and said once', async () => {
    const lines = diagLines()
    const { sent, says, clock, writer, heard } = writerOf()
    says('firing')
    says('resolved')
    says('firing', 'b')
    await sent[0]!.answers('3')
    await sent[1]!.answers('3')
    expect(shown(sent)).toEqual(['a firing', 'b firing', 'a resolved'])
    await sent[2]!.answers('3')
    clock.advance(600_000)
    expect(lines).toEqual([expect.stringContaining('another process calls itself 4f2c of tracker_fetcher')])
    expect([sent.length, writer.waiting, heard.conflicts, heard.epochs]).toEqual([3, 0, 3, []])
  })
})

describe('whether people were told', () => {
  test('goes with what is said of an alert that was open, as long as this instance stands for it', async () => {
    const { sent, says } = writerOf()
    for (const state of ['firing', 'recovering', 'resolved', 'firing'] as const) says(state)
    await sent[0]!.answers('1', 'firing')
    await sent[1]!.answers('1', 'recovering')
    await sent[2]!.answers('1', 'resolved')
    expect(sent.map(({ state, wasTold }) => [state, wasTold])).toEqual([
      ['firing', false],
      ['recovering', true],
      ['resolved', true],
      ['firing', false],
    ])
  })

  test.for([
    { why: 'an alert that is open with others only', says: 'pending', is: 'firing' },
    { why: 'one that does not fire, for others find it well', says: 'firing', is: 'inactive' },
  ] as const)('is no word on $why', async ({ says: state, is }) => {
    const { sent, says } = writerOf()
    says(state)
    await sent[0]!.answers('1', is)
    says('firing')
    expect(sent[1]!.wasTold).toBe(false)
  })

  test('is known of what an earlier process had said', () => {
    const { sent, says, writer } = writerOf()
    writer.adopt([alertOf({ id: 'a', state: 'firing' }), alertOf({ id: 'b', state: 'pending' }), alertOf({ id: 'c', state: 'resolved' })])
    for (const id of ['a', 'b', 'c']) says('firing', id)
    expect(sent.map(({ wasTold }) => wasTold)).toEqual([true, false, false])
  })

  test('is not taken from an earlier process where this one has spoken already', () => {
    const { sent, says, writer, is } = writerOf()
    is.flowing = false
    says('resolved')
    writer.adopt([alertOf({ id: 'a', state: 'firing' })])
    writer.sendAll()
    expect(sent[0]!.wasTold).toBe(false)
  })

  test('every epoch that an answer names is passed on', async () => {
    const { sent, says, heard } = writerOf()
    says('firing')
    says('pending', 'b')
    await sent[0]!.answers('1', 'firing', 'e-1')
    await sent[1]!.answers('1', 'pending', '')
    expect(heard.epochs).toEqual(['e-1'])
  })
})

describe('said again', () => {
  test('is all that is not over, with what people were told', async () => {
    const { sent, says, writer } = writerOf()
    for (const [state, id] of [
      ['firing', 'a'],
      ['pending', 'b'],
      ['firing', 'c'],
      ['inactive', 'd'],
    ] as const)
      says(state, id)
    for (const write of sent.slice(0, 4)) await write.answers('1', write.state as AlertState)
    says('resolved', 'c')
    await sent[4]!.answers('1', 'resolved')
    writer.sayAgain()
    expect(sent.slice(5).map(({ alertId, state, wasTold }) => [alertId, state, wasTold])).toEqual([
      ['a', 'firing', true],
      ['b', 'pending', false],
    ])
    expect(sent[5]!.n).toBeGreaterThan(sent[4]!.n)
  })

  test('is what an earlier process had said, too', () => {
    const { sent, writer } = writerOf()
    writer.adopt([alertOf({ id: 'a', state: 'recovering' }), alertOf({ id: 'b', state: 'resolved' })])
    writer.sayAgain()
    expect(shown(sent)).toEqual(['a recovering'])
  })

  test('is what was answered shortly before something was not answered, over or not: the server may have lost it', async () => {
    const { sent, says, clock } = writerOf()
    says('resolved', 'before')
    await sent[0]!.answers('1', 'resolved')
    clock.advance(60_000)
    for (const [state, id] of [
      ['resolved', 'a'],
      ['firing', 'b'],
    ] as const)
      says(state, id)
    for (const write of sent.slice(1, 3)) await write.answers('1', write.state as AlertState)
    says('firing', 'c')
    await sent[3]!.fails(UNANSWERED)
    clock.advance(100)
    expect(shown(sent.slice(3))).toEqual(['c firing', 'c firing'])
    await sent[4]!.answers()
    expect(shown(sent.slice(5)).toSorted()).toEqual(['a resolved', 'b firing', 'c firing'])
  })

  test('is what the server holds otherwise than it was answered', async () => {
    const { sent, says, writer } = writerOf()
    for (const id of ['a', 'b', 'c']) says('firing', id)
    says('inactive', 'd')
    for (const write of sent.slice(0, 4)) await write.answers('1', write.state as AlertState)
    says('firing', 'b', { severity: 'CRITICAL' })
    await sent[4]!.answers()
    // It knows nothing of `a`, holds of `b` what was said before the last, and `c` as it is.
    writer.compare(
      new Map([
        ['b', 2],
        ['c', 3],
      ]),
    )
    expect(shown(sent.slice(5)).toSorted()).toEqual(['a firing', 'b firing'])
    writer.compare(
      new Map([
        ['b', 2],
        ['c', 3],
      ]),
    )
    expect(sent.length).toBe(7)
  })

  test('is not what is on its way, or waits to be sent again', async () => {
    const { sent, says, writer, clock } = writerOf()
    says('firing')
    says('firing', 'b')
    await sent[0]!.fails(REFUSED)
    writer.sayAgain()
    expect([sent.length, writer.waiting]).toEqual([2, 2])
    clock.advance(100)
    expect(shown(sent)).toEqual(['a firing', 'b firing', 'a firing'])
  })
})

test('whoever looks who is gone says nothing', async () => {
  const { sent, writer } = writerOf({ begun: false })
  const folded = writer.fold('a1')
  expect(sent[0]!.text).toContain('{health}:open:tracker_fetcher')
  expect(sent[0]!.text).not.toContain('4f2c')
  await sent[0]!.answers()
  await folded
  expect(writer.waiting).toBe(0)
})

describe('what an earlier process said, read after this one has found something itself', () => {
  const earlier = (state: AlertState) => [alertOf({ id: 'a', state, message: 'earlier' })]
  test.for([
    { why: 'open, and nothing found', stored: 'firing', own: [], adopts: true, says: [] },
    { why: 'open, and found pending', stored: 'firing', own: ['pending'], adopts: true, says: [] },
    { why: 'open, and found well', stored: 'recovering', own: ['pending', 'inactive'], adopts: true, says: [] },
    { why: 'open, and found open', stored: 'firing', own: ['pending', 'firing'], adopts: false, says: ['a firing told'] },
    { why: 'open, and told to be over', stored: 'firing', own: ['firing', 'resolved', 'pending'], adopts: false, says: ['a firing told'] },
    { why: 'pending, and found pending', stored: 'pending', own: ['pending'], adopts: false, says: ['a pending untold'] },
    { why: 'over, and found open', stored: 'resolved', own: ['firing'], adopts: false, says: ['a firing untold'] },
    { why: 'over, and nothing found', stored: 'resolved', own: [], adopts: true, says: [] },
  ] as const)('$why', ({ stored, own, adopts, says }) => {
    const { sent, writer } = writerOf({ begun: false })
    for (const state of own) {
      const isSilent = state === 'pending' || state === 'inactive'
      writer.say(alertOf({ id: 'a', state }), isSilent)
    }
    expect(writer.adopt(earlier(stored))).toHaveLength(adopts ? 1 : 0)
    writer.begin(1_700_000_000_000)
    expect(sent.map(({ alertId, state, wasTold }) => `${alertId} ${state} ${wasTold ? 'told' : 'untold'}`)).toEqual(says)
  })

  test('is over, but its end had no room: it is said once the server is seen not to have it', async () => {
    const { sent, says, writer } = writerOf({ begun: false, limit: 1 })
    says('firing')
    says('resolved')
    says('firing', 'b')
    expect(writer.adopt(earlier('firing'))).toEqual([])
    writer.begin(1_700_000_000_000)
    await sent[0]!.answers()
    const b = ['b', 3] as const
    writer.compare(new Map([b, ['a', 5]]))
    expect(shown(sent)).toEqual(['b firing', 'a resolved'])
    await sent[1]!.answers('1', 'resolved')
    writer.compare(new Map([b]))
    expect(sent).toHaveLength(2)
  })

  test('is not newer than what was said here since', () => {
    const { says, writer } = writerOf()
    says('inactive')
    expect(writer.adopt(earlier('firing'))).toEqual([])
  })

  test('is found again as often as it is read', () => {
    const { writer } = writerOf()
    expect(writer.adopt(earlier('firing'))).toHaveLength(1)
    expect(writer.adopt(earlier('firing'))).toHaveLength(1)
  })
})
