import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isOpen } from '../../src/judge/alert.ts'
import { foldAlert, type AlertEntry, type Fold, type FoldedAlert, type FoldInput } from '../../src/judge/fold.ts'
import type { AlertState, RuleScope, Severity } from '../../src/types.ts'

const NOW = 1_000_000
const KEEP = 90_000

interface When {
  /** Milliseconds before now: said, heard of last, found first. */
  readonly ago?: number
  readonly seen?: number
  readonly since?: number
  readonly episode?: number
}

/** `firing`, `firing CRITICAL`, `firing unknown` (what it reads is stale). */
function entry(instance: string, says: string, { ago = 1000, seen = 0, since = ago, episode = 1 }: When = {}): AlertEntry {
  const [state, ...words] = says.split(' ')
  const known = !words.includes('unknown') && state !== 'unknown'
  return {
    instance,
    state: state as AlertEntry['state'],
    severity: words.includes('CRITICAL') ? 'CRITICAL' : 'WARNING',
    since: NOW - since,
    breaching: known && (state === 'pending' || state === 'firing'),
    known,
    at: NOW - ago,
    seen: NOW - Math.min(seen, ago),
    keep: KEEP,
    episode,
  }
}

const [JUST, DEAD, LONG_DEAD] = [{ ago: 0 }, { ago: 200_000, seen: 100_000 }, { ago: 900_000, seen: 900_000 }]

/** `firing CRITICAL` since `ago`. */
function was(says: string, { ago = 500_000, episode = 1 } = {}): FoldedAlert {
  const [state, severity = 'WARNING'] = says.split(' ')
  return { state: state as AlertState, severity: severity as Severity, since: NOW - ago, episode }
}

function fold(input: Partial<FoldInput> & Pick<FoldInput, 'entries'>): Fold {
  return foldAlert({ scope: 'any', before: undefined, alive: true, now: NOW, ...input })
}

const by = (instance: string, wasTold = false) => ({ instance, wasTold, cause: 'condition' as const })

interface Row {
  readonly why: string
  readonly scope?: RuleScope
  readonly before?: FoldedAlert
  readonly entries: readonly AlertEntry[]
  /** Who has just said something; left out: it is looked who is gone. */
  readonly by?: string
  readonly alive?: boolean
  readonly is: string
  readonly told?: string
  readonly speaker?: string
  readonly gone?: readonly string[]
}

const rows = (table: readonly Row[]) =>
  test.for(table)('$why', ({ scope = 'any', before, entries, by: who, alive = true, is, told, speaker, gone = [] }) => {
    const result = fold({ scope, before, entries, alive, ...(who !== undefined && { by: by(who) }) })
    expect(`${result.after.state} ${result.after.severity}`).toBe(is)
    expect(result.told?.type).toBe(told)
    expect(result.gone).toEqual(gone)
    if (speaker !== undefined) expect(result.speaker).toBe(speaker)
  })

describe('several instances that find the same', () => {
  const firing = was('firing')
  rows([
    { why: 'the first one fires it', entries: [entry('A', 'firing', JUST)], by: 'A', is: 'firing WARNING', told: 'fired', speaker: 'A' },
    {
      why: 'the second and the third tell nothing new',
      before: firing,
      entries: [entry('A', 'firing'), entry('B', 'firing'), entry('C', 'firing', JUST)],
      by: 'C',
      is: 'firing WARNING',
    },
    {
      why: 'two are over it: it fires as long as the third does',
      before: firing,
      entries: [entry('A', 'resolved'), entry('B', 'resolved', JUST), entry('C', 'firing')],
      by: 'B',
      is: 'firing WARNING',
      speaker: 'C',
    },
    {
      why: 'it is over with the last of them',
      before: firing,
      entries: [entry('A', 'resolved'), entry('B', 'resolved'), entry('C', 'resolved', JUST)],
      by: 'C',
      is: 'resolved WARNING',
      told: 'resolved',
      speaker: 'C',
    },
    {
      why: 'what the others say after that is nothing new',
      before: was('resolved'),
      entries: [entry('A', 'resolved', JUST), entry('B', 'resolved'), entry('C', 'resolved')],
      by: 'A',
      is: 'resolved WARNING',
    },
    {
      why: 'all of them recover: so does it, and nothing is told until it is over',
      before: firing,
      entries: [entry('A', 'recovering'), entry('B', 'recovering', JUST)],
      by: 'B',
      is: 'recovering WARNING',
      speaker: 'B',
    },
    {
      why: 'one recovers and another fires: it fires',
      before: was('recovering'),
      entries: [entry('A', 'recovering'), entry('B', 'firing', JUST)],
      by: 'B',
      is: 'firing WARNING',
      speaker: 'B',
    },
    {
      why: 'one is over it and another recovers: it may come again, so it is not over',
      before: was('recovering'),
      entries: [entry('A', 'resolved', JUST), entry('B', 'recovering')],
      by: 'A',
      is: 'recovering WARNING',
    },
  ])
})

describe('one whose breach was too short', () => {
  rows([
    { why: 'pends, and nobody is told', entries: [entry('B', 'pending', JUST)], by: 'B', is: 'pending WARNING', speaker: 'B' },
    {
      why: 'drops it, and nobody is told',
      before: was('pending'),
      entries: [entry('B', 'inactive', JUST)],
      by: 'B',
      is: 'inactive WARNING',
    },
    {
      why: 'pends while another fires: it fires on',
      before: was('firing'),
      entries: [entry('A', 'firing'), entry('B', 'pending', JUST)],
      by: 'B',
      is: 'firing WARNING',
      speaker: 'A',
    },
    {
      why: 'drops it while another fires: it fires on',
      before: was('firing'),
      entries: [entry('A', 'firing'), entry('B', 'inactive', JUST)],
      by: 'B',
      is: 'firing WARNING',
      speaker: 'A',
    },
    {
      why: 'drops it while another pends: it pends on',
      before: was('pending'),
      entries: [entry('A', 'pending'), entry('B', 'inactive', JUST)],
      by: 'B',
      is: 'pending WARNING',
    },
  ])
})

describe('one that is gone', () => {
  const gone = entry('A', 'firing', DEAD)
  const before = was('firing')
  rows([
    {
      why: 'is not gone before it has been silent for that long',
      before,
      entries: [entry('A', 'firing', { ago: KEEP, seen: KEEP })],
      alive: false,
      is: 'firing WARNING',
    },
    {
      why: 'gives way to what is known of nobody',
      before,
      entries: [gone],
      alive: false,
      is: 'unknown WARNING',
      told: 'unknown',
      gone: ['A'],
    },
    { why: 'is told of once', before: was('unknown'), entries: [entry('A', 'gone', DEAD)], alive: false, is: 'unknown WARNING' },
    { why: 'is no evidence that it is over, though others are alive', before, entries: [gone], is: 'firing WARNING', gone: ['A'] },
    {
      why: 'was heard of after another had found it well: that says nothing of now',
      before,
      entries: [gone, entry('B', 'inactive', { ago: 150_000 })],
      is: 'firing WARNING',
      gone: ['A'],
    },
    {
      why: 'and one that finds it well after its last sign of life resolves it',
      before,
      entries: [gone, entry('B', 'inactive', JUST)],
      by: 'B',
      is: 'resolved WARNING',
      told: 'resolved',
      speaker: 'B',
      gone: ['A'],
    },
    {
      why: 'and one that finds it well, but not since it began, does not resolve it',
      before: was('firing', { ago: 500 }),
      entries: [entry('A', 'gone', { ago: 300_000, seen: 300_000 }), entry('B', 'inactive', { ago: 1000 })],
      is: 'firing WARNING',
    },
    {
      why: 'and one of which nothing is known does not resolve it',
      before,
      entries: [gone, entry('B', 'inactive unknown', JUST)],
      by: 'B',
      is: 'firing WARNING',
      gone: ['A'],
    },
    {
      why: 'and one that is dead itself does not resolve it, however well it was',
      before,
      entries: [gone, entry('B', 'inactive', { ago: 95_000, seen: 95_000 })],
      alive: false,
      is: 'unknown WARNING',
      told: 'unknown',
      gone: ['A'],
    },
    {
      why: 'and another that fires on keeps it firing',
      before,
      entries: [gone, entry('B', 'firing')],
      is: 'firing WARNING',
      speaker: 'B',
      gone: ['A'],
    },
    {
      why: 'and another that recovers makes it recover',
      before,
      entries: [gone, entry('B', 'recovering')],
      is: 'recovering WARNING',
      gone: ['A'],
    },
    {
      why: 'that only pended: it is dropped by the next that says something',
      before: was('pending'),
      entries: [entry('A', 'pending', DEAD), entry('B', 'inactive', JUST)],
      by: 'B',
      is: 'inactive WARNING',
      gone: ['A'],
    },
    {
      why: 'and comes back with what it had found: that is told as news',
      before: was('unknown'),
      entries: [entry('A', 'firing', JUST)],
      by: 'A',
      is: 'firing WARNING',
      told: 'updated',
    },
    {
      why: 'and comes back well: it is over',
      before: was('unknown'),
      entries: [entry('A', 'resolved', JUST)],
      by: 'A',
      is: 'resolved WARNING',
      told: 'resolved',
    },
    {
      why: 'and the service is started anew, and finds it well: it is over',
      before: was('unknown'),
      entries: [entry('A', 'gone', LONG_DEAD), entry('B', 'inactive', JUST)],
      by: 'B',
      is: 'resolved WARNING',
      told: 'resolved',
    },
    {
      why: 'and the service is started anew, and does not know yet: it stays unknown',
      before: was('unknown'),
      entries: [entry('A', 'gone', LONG_DEAD), entry('B', 'inactive unknown', JUST)],
      by: 'B',
      is: 'unknown WARNING',
    },
  ])
})

describe('of which one has known nothing for long', () => {
  rows([
    {
      why: 'and nobody else says anything: nobody knows, and people are told',
      before: was('firing CRITICAL'),
      entries: [entry('A', 'unknown CRITICAL', JUST)],
      by: 'A',
      is: 'unknown CRITICAL',
      told: 'unknown',
      speaker: 'A',
    },
    {
      why: 'is told of once, whoever else has known nothing',
      before: was('unknown'),
      entries: [entry('A', 'unknown'), entry('B', 'unknown', JUST)],
      by: 'B',
      is: 'unknown WARNING',
    },
    {
      why: 'though another finds it well: that is not the one that found the breach',
      before: was('firing'),
      entries: [entry('A', 'unknown', JUST), entry('B', 'inactive')],
      by: 'A',
      is: 'unknown WARNING',
      told: 'unknown',
    },
    {
      why: 'but another fires: it fires, and that one speaks',
      before: was('firing'),
      entries: [entry('A', 'unknown CRITICAL', JUST), entry('B', 'firing')],
      by: 'A',
      is: 'firing WARNING',
      speaker: 'B',
    },
    {
      why: 'but another recovers: it recovers',
      before: was('firing'),
      entries: [entry('A', 'unknown', JUST), entry('B', 'recovering')],
      by: 'A',
      is: 'recovering WARNING',
      speaker: 'B',
    },
    {
      why: 'and comes back with a breach: told as news',
      before: was('unknown'),
      entries: [entry('A', 'firing', JUST)],
      by: 'A',
      is: 'firing WARNING',
      told: 'updated',
    },
    {
      why: 'and comes back well for now: told as news',
      before: was('unknown'),
      entries: [entry('A', 'recovering', JUST)],
      by: 'A',
      is: 'recovering WARNING',
      told: 'updated',
    },
    {
      why: 'of a reading that all share, and another has read it since, and finds it well: it is over',
      scope: 'shared',
      before: was('unknown'),
      entries: [entry('A', 'unknown'), entry('B', 'inactive', JUST)],
      by: 'B',
      is: 'resolved WARNING',
      told: 'resolved',
    },
    {
      why: 'and the alert is over for everybody: that opens nothing',
      before: was('resolved'),
      entries: [entry('A', 'unknown', JUST)],
      by: 'A',
      is: 'resolved WARNING',
    },
  ])
  test('and the server has forgotten it: it is told with what people had been told', () => {
    const result = fold({ entries: [entry('A', 'unknown', JUST)], by: by('A', true) })
    expect([result.after.state, result.told]).toEqual(['unknown', { type: 'updated', cause: 'memory_lost', told: 'fired' }])
  })
})

describe('a reading that all share', () => {
  const before = was('firing')
  rows([
    {
      why: 'fires with whoever reads it',
      scope: 'shared',
      entries: [entry('A', 'firing', JUST)],
      by: 'A',
      is: 'firing WARNING',
      told: 'fired',
    },
    {
      why: 'that one cannot read any more is as a newer one finds it: well',
      scope: 'shared',
      before,
      entries: [entry('A', 'firing unknown', { ago: 5000 }), entry('B', 'inactive', JUST)],
      by: 'B',
      is: 'resolved WARNING',
      told: 'resolved',
      speaker: 'B',
    },
    {
      why: 'that one cannot read any more, and that was well before: it fires',
      scope: 'shared',
      before,
      entries: [entry('A', 'firing unknown', { ago: 5000 }), entry('B', 'inactive', { ago: 6000 })],
      is: 'firing WARNING',
    },
    {
      why: 'that another still reads fires on, whoever finds it well',
      scope: 'shared',
      before,
      entries: [entry('A', 'firing unknown', { ago: 5000 }), entry('C', 'firing', { ago: 4000 }), entry('B', 'inactive', JUST)],
      by: 'B',
      is: 'firing WARNING',
      speaker: 'C',
    },
    {
      why: 'and one that is not shared is known to nobody else',
      scope: 'any',
      before,
      entries: [entry('A', 'firing unknown', { ago: 5000 }), entry('B', 'inactive', JUST)],
      by: 'B',
      is: 'firing WARNING',
    },
  ])
})

describe('what all must find', () => {
  const [A, B] = [entry('A', 'firing'), entry('B', 'firing')]
  rows([
    {
      why: 'fires with the only one there is',
      scope: 'all',
      entries: [entry('A', 'firing', JUST)],
      by: 'A',
      is: 'firing WARNING',
      told: 'fired',
    },
    {
      why: 'does not fire while one is well',
      scope: 'all',
      before: was('inactive'),
      entries: [entry('A', 'firing', JUST), entry('B', 'inactive')],
      by: 'A',
      is: 'inactive WARNING',
    },
    {
      why: 'does not fire while one has not found it for long enough',
      scope: 'all',
      before: was('pending'),
      entries: [entry('A', 'firing', JUST), entry('B', 'pending')],
      by: 'A',
      is: 'pending WARNING',
    },
    {
      why: 'fires with the last of them',
      scope: 'all',
      before: was('pending'),
      entries: [A, entry('B', 'firing', JUST)],
      by: 'B',
      is: 'firing WARNING',
      told: 'fired',
    },
    {
      why: 'fires although one does not know',
      scope: 'all',
      before: was('inactive'),
      entries: [entry('A', 'firing', JUST), entry('B', 'inactive unknown')],
      by: 'A',
      is: 'firing WARNING',
      told: 'fired',
    },
    {
      why: 'fires when the one that was well is gone',
      scope: 'all',
      before: was('inactive'),
      entries: [A, entry('B', 'inactive', DEAD)],
      is: 'firing WARNING',
      told: 'fired',
    },
    {
      why: 'is over with the first that is well',
      scope: 'all',
      before: was('firing'),
      entries: [A, entry('B', 'resolved', JUST)],
      by: 'B',
      is: 'resolved WARNING',
      told: 'resolved',
      speaker: 'B',
    },
    {
      why: 'is over when a new instance is well',
      scope: 'all',
      before: was('firing'),
      entries: [A, B, entry('C', 'inactive', JUST)],
      by: 'C',
      is: 'resolved WARNING',
      told: 'resolved',
      speaker: 'C',
    },
    {
      why: 'fires on though a new instance has not found it for long enough',
      scope: 'all',
      before: was('firing'),
      entries: [A, B, entry('C', 'pending', JUST)],
      by: 'C',
      is: 'firing WARNING',
    },
    {
      why: 'recovers with the first that does',
      scope: 'all',
      before: was('firing'),
      entries: [A, entry('B', 'recovering', JUST)],
      by: 'B',
      is: 'recovering WARNING',
    },
    {
      why: 'does not fire again while one still finds it well',
      scope: 'all',
      before: was('resolved'),
      entries: [entry('A', 'firing', JUST), entry('B', 'resolved')],
      by: 'A',
      is: 'resolved WARNING',
    },
    {
      why: 'is unknown when all are gone',
      scope: 'all',
      before: was('firing'),
      entries: [entry('A', 'firing', DEAD), entry('B', 'firing', DEAD)],
      alive: false,
      is: 'unknown WARNING',
      told: 'unknown',
      gone: ['A', 'B'],
    },
  ])
})

describe('the severity is that of the worst', () => {
  rows([
    {
      why: 'which speaks',
      entries: [entry('A', 'firing'), entry('B', 'firing CRITICAL', JUST)],
      by: 'B',
      is: 'firing CRITICAL',
      told: 'fired',
      speaker: 'B',
    },
    {
      why: 'as soon as it is',
      before: was('firing'),
      entries: [entry('A', 'firing'), entry('B', 'firing CRITICAL', JUST)],
      by: 'B',
      is: 'firing CRITICAL',
      told: 'escalated',
      speaker: 'B',
    },
    {
      why: 'until it is over with that one',
      before: was('firing CRITICAL'),
      entries: [entry('A', 'firing'), entry('B', 'recovering CRITICAL', JUST)],
      by: 'B',
      is: 'firing CRITICAL',
      speaker: 'A',
    },
    {
      why: 'and then that of the others',
      before: was('firing CRITICAL'),
      entries: [entry('A', 'firing'), entry('B', 'resolved CRITICAL', JUST)],
      by: 'B',
      is: 'firing WARNING',
      told: 'deescalated',
      speaker: 'A',
    },
    {
      why: 'and of those that are alive',
      before: was('firing CRITICAL'),
      entries: [entry('A', 'firing'), entry('B', 'firing CRITICAL', DEAD)],
      is: 'firing WARNING',
      told: 'deescalated',
      speaker: 'A',
      gone: ['B'],
    },
    {
      why: 'and of one that is over as it was',
      before: was('firing CRITICAL'),
      entries: [entry('A', 'resolved CRITICAL', JUST)],
      by: 'A',
      is: 'resolved CRITICAL',
      told: 'resolved',
    },
    {
      why: 'and of one that nobody knows of as it was',
      before: was('firing CRITICAL'),
      entries: [entry('B', 'firing CRITICAL', DEAD)],
      alive: false,
      is: 'unknown CRITICAL',
      told: 'unknown',
      gone: ['B'],
    },
    {
      why: 'though one that pends is worse: that has not been found for long enough',
      before: was('firing'),
      entries: [entry('A', 'firing'), entry('B', 'pending CRITICAL', JUST)],
      by: 'B',
      is: 'firing WARNING',
    },
  ])
  test('of the same severity the one that knows speaks, then the one that found it first', () => {
    const speakerOf = (...entries: AlertEntry[]) => fold({ before: was('firing'), entries }).speaker
    expect(speakerOf(entry('A', 'firing unknown', { since: 9000 }), entry('B', 'firing'))).toBe('B')
    expect(speakerOf(entry('A', 'firing', { since: 2000 }), entry('B', 'firing', { since: 3000 }))).toBe('B')
    expect(speakerOf(entry('B', 'firing'), entry('A', 'firing'))).toBe('A')
  })
})

describe('an episode', () => {
  test.for([
    { why: 'is the first where nothing is known', before: undefined, says: 'firing', said: 1, is: 1 },
    { why: 'is the one the instance counts, where the server has forgotten', before: undefined, says: 'firing', said: 7, is: 7 },
    { why: 'begins when it is found again after it was over', before: was('resolved', { episode: 3 }), says: 'pending', said: 1, is: 4 },
    { why: 'begins once, whatever each instance counts', before: was('firing', { episode: 4 }), says: 'firing', said: 9, is: 4 },
    { why: 'goes on while it is open', before: was('firing', { episode: 4 }), says: 'resolved', said: 4, is: 4 },
    { why: 'is not used up by a breach that nobody heard of', before: was('inactive', { episode: 4 }), says: 'pending', said: 4, is: 4 },
  ])('$why', ({ before, says, said, is }) => {
    expect(fold({ before, entries: [entry('A', says, { ago: 0, episode: said })], by: by('A') }).after.episode).toBe(is)
  })
})

describe('when it began', () => {
  const since = (input: Partial<FoldInput> & Pick<FoldInput, 'entries'>) => NOW - fold(input).after.since
  test.for([
    { why: 'as the one that found it says', before: undefined, entries: [entry('A', 'firing', { since: 5000 })], ago: 5000 },
    { why: 'not in the future, whatever that one says', before: undefined, entries: [entry('A', 'firing', { since: -5000 })], ago: 0 },
    {
      why: 'once and for all, whoever else finds it',
      before: was('firing', { ago: 400_000 }),
      entries: [entry('A', 'firing', { since: 900_000 })],
      ago: 400_000,
    },
    {
      why: 'not before it came to be what it was',
      before: was('firing', { ago: 3000 }),
      entries: [entry('A', 'recovering', { since: 5000 })],
      ago: 3000,
    },
  ])('$why', ({ before, entries, ago }) => {
    expect(since({ before, entries, by: by('A') })).toBe(ago)
  })
})

describe('a server that has forgotten', () => {
  test.for([
    {
      why: 'an alert that fires on: told as what it is, with what people had been told',
      says: 'firing CRITICAL',
      wasTold: true,
      told: { type: 'updated', cause: 'memory_lost', told: 'fired' },
      is: 'firing',
    },
    {
      why: 'one that recovers',
      says: 'recovering',
      wasTold: true,
      told: { type: 'updated', cause: 'memory_lost', told: 'fired' },
      is: 'recovering',
    },
    {
      why: 'one that is over meanwhile',
      says: 'resolved',
      wasTold: true,
      told: { type: 'resolved', cause: 'condition', told: null },
      is: 'resolved',
    },
    {
      why: 'one that nobody had been told of: that is news',
      says: 'firing',
      wasTold: false,
      told: { type: 'fired', cause: 'condition', told: null },
      is: 'firing',
    },
    { why: 'one that pends, and that nobody had been told of', says: 'pending', wasTold: false, told: undefined, is: 'pending' },
  ])('$why', ({ says, wasTold, told, is }) => {
    const result = fold({ entries: [entry('A', says, JUST)], by: by('A', wasTold) })
    expect([result.told, result.after.state]).toEqual([told, is])
    expect(result.after.severity).toBe(says.includes('CRITICAL') ? 'CRITICAL' : 'WARNING')
  })

  test('is told by the first that says it again, not by the second', () => {
    const first = fold({ entries: [entry('A', 'firing', JUST)], by: by('A', true) })
    expect(
      fold({ before: first.after, entries: [entry('A', 'firing'), entry('B', 'firing', JUST)], by: by('B', true) }).told,
    ).toBeUndefined()
  })
})

test('what is told says who caused it: whoever has spoken, or that somebody is gone', () => {
  const gone = entry('A', 'firing', DEAD)
  const removed = { instance: 'B', wasTold: false, cause: 'rule_removed' as const }
  expect(fold({ before: was('firing'), entries: [gone], alive: false }).told?.cause).toBe('instance_gone')
  expect(fold({ before: was('firing'), entries: [gone, entry('B', 'inactive', JUST)], by: removed }).told?.cause).toBe('rule_removed')
})

// ---- properties ----

const anyState = fc.constantFrom<AlertState>('pending', 'firing', 'recovering', 'unknown', 'resolved', 'inactive')
const anySeverity = fc.constantFrom<Severity>('WARNING', 'CRITICAL')
const anyScope = fc.constantFrom<RuleScope>('any', 'all', 'shared')
const INSTANCES = ['A', 'B', 'C']

const anyEntry = (instance: string): fc.Arbitrary<AlertEntry> =>
  fc
    .record({
      state: fc.oneof(anyState, fc.constant('gone' as const)),
      severity: anySeverity,
      known: fc.boolean(),
      ago: fc.nat(200_000),
      silentFor: fc.nat(200_000),
      sinceAgo: fc.integer({ min: -1000, max: 400_000 }),
      episode: fc.integer({ min: 1, max: 5 }),
    })
    .map(({ state, severity, known, ago, silentFor, sinceAgo, episode }) => ({
      ...{ instance, state, severity, known, breaching: known && (state === 'firing' || state === 'pending') },
      ...{ since: NOW - sinceAgo, at: NOW - ago, seen: NOW - Math.min(silentFor, ago), keep: KEEP, episode },
    }))
const anyBefore: fc.Arbitrary<FoldedAlert | undefined> = fc.option(
  fc.record({
    state: anyState,
    severity: anySeverity,
    since: fc.nat(NOW),
    episode: fc.integer({ min: 1, max: 5 }),
  }),
  { nil: undefined },
)
const anyInput: fc.Arbitrary<FoldInput> = fc
  .record({
    scope: anyScope,
    before: anyBefore,
    entries: fc.tuple(...INSTANCES.map((name) => fc.option(anyEntry(name), { nil: undefined }))),
    alive: fc.boolean(),
    speaks: fc.option(fc.constantFrom(...INSTANCES), { nil: undefined }),
    wasTold: fc.boolean(),
  })
  .map(({ entries, speaks, wasTold, ...rest }) => {
    const there = entries.flatMap((each) => each ?? [])
    const speaker = there.find(({ instance, state }) => instance === speaks && state !== 'gone')
    const said = there.map((each) => (each === speaker ? { ...each, at: NOW, seen: NOW } : each))
    // Who speaks is alive.
    return {
      ...rest,
      entries: said,
      alive: rest.alive || speaker !== undefined,
      now: NOW,
      ...(speaker && { by: by(speaker.instance, wasTold) }),
    }
  })

const isLive = ({ state, seen, keep }: AlertEntry) => state !== 'gone' && NOW - seen <= keep

test('no fold resolves while an instance that is alive fires', () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      const { after, told } = foldAlert({ ...input, scope: 'any' })
      if (!input.entries.some((each) => isLive(each) && each.state === 'firing')) return
      expect(after.state).toBe('firing')
      expect(told?.type).not.toBe('resolved')
    }),
  )
})

test('no fold resolves unless an instance that is alive has found it well', () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      if (foldAlert(input).told?.type !== 'resolved') return
      const well = input.entries.filter((each) => isLive(each) && (each.state === 'resolved' || each.state === 'inactive') && each.known)
      // The server had forgotten it, and the instance for which it was open has nothing more to say of it.
      if (input.before === undefined) expect(input.by?.wasTold).toBe(true)
      else expect(well).not.toEqual([])
    }),
  )
})

test('what is told is told by what it was before and is after: fired only where it was closed, resolved only where it was open', () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      const { after, told } = foldAlert(input)
      const wasOpen = input.before !== undefined && isOpen(input.before)
      const isForgotten = input.before === undefined && input.by?.wasTold === true
      const opens = !wasOpen && isOpen(after)
      const closes = (wasOpen || isForgotten) && !isOpen(after)
      expect({ fired: told?.type === 'fired', resolved: told?.type === 'resolved', lost: told?.cause === 'memory_lost' }).toEqual({
        fired: opens && !isForgotten,
        resolved: closes,
        lost: opens && isForgotten,
      })
      const saysUnknown = input.entries.some((each) => isLive(each) && each.state === 'unknown')
      if (told?.type === 'unknown') expect(input.alive && !saysUnknown).toBe(false)
      const isOfSeverity = told?.type === 'escalated' || told?.type === 'deescalated'
      expect(isOfSeverity && after.severity === input.before?.severity).toBe(false)
    }),
  )
})

test('a fold that has been applied, and is made again, tells nothing', () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      const { after, gone } = foldAlert(input)
      const entries = input.entries.map((each) => (gone.includes(each.instance) ? { ...each, state: 'gone' as const } : each))
      const again = foldAlert({ ...input, before: after, entries })
      expect([again.told, again.gone]).toEqual([undefined, []])
      // One that is over may be found to be pending with another.
      if (isOpen(after)) expect(again.after).toEqual(after)
      else expect(isOpen(again.after)).toBe(false)
    }),
  )
})

test('the order in which the entries stand changes nothing', () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      const sorted = ({ gone, ...rest }: Fold) => ({ ...rest, gone: gone.toSorted() })
      expect(sorted(foldAlert({ ...input, entries: input.entries.toReversed() }))).toEqual(sorted(foldAlert(input)))
    }),
  )
})

type Step = { readonly says: AlertEntry } | { readonly passes: number } | { readonly beats: string }
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(...INSTANCES)
      .chain(anyEntry)
      .filter(({ state }) => state !== 'gone')
      .map((says) => ({ says })),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 100_000 }).map((passes) => ({ passes })) },
  { weight: 2, arbitrary: fc.constantFrom(...INSTANCES).map((beats) => ({ beats })) },
)

test('over any history what is told alternates: fired, what became of it, resolved; and the episode counts the times', () => {
  fc.assert(
    fc.property(anyScope, fc.array(anyStep, { maxLength: 60 }), (scope, steps) => {
      let now = NOW
      let before: FoldedAlert | undefined
      const entries = new Map<string, AlertEntry>()
      const told: string[] = []
      let fired = 0
      for (const step of steps) {
        now += 1
        if ('passes' in step) now += step.passes
        else if ('beats' in step) {
          const there = entries.get(step.beats)
          if (there) entries.set(step.beats, { ...there, seen: now })
        } else entries.set(step.says.instance, { ...step.says, since: now, at: now, seen: now })
        const alive = [...entries.values()].some(({ seen, keep }) => now - seen <= keep)
        const who = 'says' in step ? { by: by(step.says.instance) } : {}
        const result = foldAlert({ scope, before, entries: [...entries.values()], alive, now, ...who })
        for (const name of result.gone) entries.set(name, { ...entries.get(name)!, state: 'gone' })
        if (result.told) told.push(result.told.type)
        before = result.after
        if (result.told?.type === 'fired') {
          fired++
          expect(before.episode).toBeGreaterThanOrEqual(fired)
        }
        expect(told.length > 0 && told.at(-1) !== 'resolved').toBe(isOpen(before))
      }
      const kinds = told.join(' ')
      expect(kinds).toMatch(/^(fired( (escalated|deescalated|unknown|updated))*( resolved|$) ?)*$/)
    }),
    { numRuns: 300 },
  )
})
