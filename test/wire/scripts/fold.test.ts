/**
 * The fold inside Redis against its specification in TypeScript, on the same random histories: what instances say, restarts, deaths, a
 * server that forgets. After each step both agree on what the alert is, what is told and who is gone.
 */
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../../examples/valkey/start-valkey.ts'
import { isOpen } from '../../../src/judge/alert.ts'
import { foldAlert, type AlertEntry, type FoldedAlert } from '../../../src/judge/fold.ts'
import type { AlertState, RuleScope, Severity } from '../../../src/types.ts'
import { parseEntry } from '../../../src/wire/alert-entry.ts'
import { shardNames } from '../../../src/wire/names.ts'
import { createPublisher, type PublisherClient } from '../../../src/wire/redis-client.ts'

const names = shardNames()
const [ID, SERVICE] = ['a1', 'svc']
const HOUR = 3_600_000

let valkey: EmbeddedValkey
let redis: Redis
let client: PublisherClient

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  const publisher = await createPublisher({ host: '127.0.0.1', port: valkey.port }, 5000)
  client = publisher.client
  await client.connect()
})
afterAll(async () => {
  client.disconnect()
  redis.disconnect()
  await valkey.stop()
})

interface Says {
  readonly kind: 'says'
  readonly instance: string
  readonly state: AlertState
  readonly severity: Severity
  readonly known: boolean
  readonly sinceAgeMs: number
}
type Step = Says | { readonly kind: 'dies' | 'beats'; readonly instance: string } | { readonly kind: 'looks' | 'forgets' }

const INSTANCES = ['A', 'B', 'C', 'D']
const instance = fc.constantFrom(...INSTANCES)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('says' as const),
      instance,
      state: fc.constantFrom<AlertState>('pending', 'firing', 'firing', 'recovering', 'unknown', 'resolved', 'resolved', 'inactive'),
      severity: fc.constantFrom<Severity>('WARNING', 'CRITICAL'),
      known: fc.boolean().map((yes) => yes || Math.random() < 0.5),
      sinceAgeMs: fc.integer({ min: 0, max: 100_000 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('dies' as const, 'beats' as const), instance }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('looks' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forgets' as const) }) },
)

/** What Redis holds, as the specification sees it. */
async function held(): Promise<{ before: FoldedAlert | undefined; entries: AlertEntry[]; now: number; alive: boolean; told: number }> {
  const [[seconds, micro], fold, texts, scores, due, told] = await Promise.all([
    redis.time(),
    redis.hget(names.alert(ID), 'fold'),
    redis.hgetall(names.entries(ID)),
    redis.zrange(names.instances(SERVICE), '0', '-1', 'WITHSCORES'),
    redis.zscore(names.silent, SERVICE),
    redis.xlen(names.alerts),
  ])
  const [state, severity, since, episode] = (fold ?? '').split(' ')
  const now = Number(seconds) * 1000 + Math.floor(Number(micro) / 1000)
  const scoreOf = (name: string) => (scores.includes(name) ? Number(scores[scores.indexOf(name) + 1]) : undefined)
  return {
    now,
    told,
    alive: scores.length > 0 && due === null,
    before: state
      ? { state: state as AlertState, severity: severity as Severity, since: Number(since), episode: Number(episode) }
      : undefined,
    entries: Object.entries(texts).map(([name, text]) => parseEntry(name, text, scoreOf(name), now)!),
  }
}

/** Long ago, by the clock of the server. */
async function dies(name: string): Promise<void> {
  await redis.zrem(names.instances(SERVICE), name)
  const text = await redis.hget(names.entries(ID), name)
  if (!text) return
  const older = text.replace(/"at":(\d+)/, (_, at: string) => `"at":${Number(at) - HOUR / 2}`)
  await redis.hset(names.entries(ID), name, older)
}

async function run(scope: RuleScope, by: Says | undefined, n: number, wasTold: boolean) {
  const keys = [
    names.alert(ID),
    names.entries(ID),
    names.open,
    names.openOf(SERVICE),
    names.alerts,
    names.meta,
    names.instances(SERVICE),
    names.silent,
    names.due,
    names.silences,
    names.causing,
    names.overlayDue,
  ]
  const breaching = by !== undefined && by.known && (by.state === 'pending' || by.state === 'firing')
  const { instance: name = '', state, severity, sinceAgeMs } = by ?? {}
  return client.healthAlert(
    ...keys,
    name,
    `{"state":"${state}","severity":"${severity}","breaching":${breaching},"known":${by?.known},"keep":60000,"start":1,"n":${n},"episode":1,"age":${sinceAgeMs},`,
    `"timers":{"breachAt":1},"says":{"message":"${name} ${n}","value":null}}`,
    ...[`"alert_id":"${ID}","service":"${SERVICE}","rule":"r"`, `${scope} ${wasTold ? 'told' : 'untold'} staying condition`],
    ...[names.alertsChannel, '86400000', 'e'],
  )
}

/** One has known nothing for long, and another finds it well since. */
const LONG_UNKNOWN: Step[] = [says('A', 'firing'), says('A', 'unknown'), says('B', 'inactive'), says('A', 'recovering')]

function says(name: string, state: AlertState): Says {
  return { kind: 'says', instance: name, state, severity: 'WARNING', known: state !== 'unknown', sinceAgeMs: 0 }
}

const SCOPES: readonly { readonly scope: RuleScope }[] = [{ scope: 'any' }, { scope: 'all' }, { scope: 'shared' }]
test.for(SCOPES)('scope $scope: the script and the specification agree after each step', { timeout: 120_000 }, async ({ scope }) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      await redis.flushall()
      let n = 0
      const told = new Set<string>()
      for (const each of steps) {
        if (each.kind === 'dies') {
          await dies(each.instance)
          continue
        }
        if (each.kind === 'forgets') {
          await redis.flushall()
          continue
        }
        const at = await held()
        if (each.kind === 'beats') {
          await redis.zadd(names.instances(SERVICE), at.now, each.instance)
          await redis.zrem(names.silent, SERVICE)
          continue
        }
        const by = each.kind === 'says' ? each : undefined
        // Two who say something in one millisecond are told apart by their names, which is no matter here.
        await new Promise((resolve) => setTimeout(resolve, 1))
        if (by) n++
        const wasTold = by !== undefined && told.has(by.instance)
        if (!by && !at.before) continue
        const [outcome, , state, severity, episode] = await run(scope, by, n, wasTold)
        expect(outcome).toBe('1')
        const after = await held()
        const own = by && after.entries.find(({ instance: name }) => name === by.instance)!
        const now = own?.at ?? at.now
        const expected = foldAlert({
          scope,
          before: at.before,
          entries: own ? [...at.entries.filter((entry) => entry.instance !== own.instance), { ...own, seen: now }] : at.entries,
          alive: own !== undefined || at.alive,
          now,
          ...(by && { by: { instance: by.instance, wasTold, cause: 'condition' as const } }),
        })
        expect({ state, severity, episode: Number(episode) }).toEqual({
          state: expected.after.state,
          severity: expected.after.severity,
          episode: expected.after.episode,
        })
        expect(Math.abs(after.before!.since - expected.after.since)).toBeLessThan(1000)
        expect(
          after.entries
            .filter((entry) => entry.state === 'gone' && at.entries.some((old) => old.instance === entry.instance && old.state !== 'gone'))
            .map((entry) => entry.instance)
            .toSorted(),
        ).toEqual(expected.gone.toSorted())
        const entries = await redis.xrevrange(names.alerts, '+', '-', 'COUNT', Math.max(after.told - at.told, 1))
        const messages = entries.slice(0, after.told - at.told).map(([, fields]) => JSON.parse(fields[1]!) as Record<string, unknown>)
        // What lies over an alert has a test of its own.
        const message = messages.find(({ type }) => !String(type).startsWith('flapping_'))
        expect(message && { type: message['type'], cause: message['cause'], told: message['told'] }).toEqual(expected.told)
        if (expected.speaker && expected.told) expect(String(message!['message']).split(' ')[0]).toBe(expected.speaker)
        expect(await redis.zrange(names.open, '0', '-1')).toEqual(isOpen(expected.after) ? [ID] : [])
        if (by) {
          if (isOpen(expected.after) && isOpen({ state: by.state })) told.add(by.instance)
          else told.delete(by.instance)
        }
      }
    }),
    { numRuns: Number(process.env['OTEL_HEALTH_FOLD_RUNS'] ?? 60), examples: [[LONG_UNKNOWN]] },
  )
})
