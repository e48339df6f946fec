/**
 * Overlays inside Redis against their specification in TypeScript, on the same random histories: what instances say, what people do, silences
 * and causes that come and go, time that passes, restarts of instances, a server that forgets. After each step both agree on what the alert
 * is, on every message and whether people are told, on what is remembered, and on when something happens next. And whatever happened: who was
 * told that an alert is open is told when it is over, and that it has fired nobody is told twice.
 */
import { createHash } from 'node:crypto'

import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../../examples/valkey/start-valkey.ts'
import { isOpen } from '../../../src/judge/alert.ts'
import { foldAlert, type AlertEntry, type FoldedAlert } from '../../../src/judge/fold.ts'
import { ACK_MS, isToldOpen } from '../../../src/overlays/overlay.ts'
import { episodeNamedBy, matches, type Match } from '../../../src/overlays/matcher.ts'
import { stepOverlays, type Action, type OverlayInput } from '../../../src/overlays/step-overlays.ts'
import type { AlertState, Severity } from '../../../src/types.ts'
import { parseEntry } from '../../../src/wire/alert-entry.ts'
import { shardNames } from '../../../src/wire/names.ts'
import { createPublisher, type PublisherClient } from '../../../src/wire/redis-client.ts'
import { acting, actKeys, alertKeys, lookingOnly } from '../../../src/wire/scripts/alert.ts'
import { heldOverlay, passes } from './held-overlay.ts'

const names = shardNames()
const [ID, SERVICE, RULE] = ['a1', 'svc', 'low_success_rate']
const CAUSE = `${SERVICE}:dependency_down`
/** By which it stands among the causes. */
const CAUSE_SCORE = Number.parseInt(createHash('sha1').update(CAUSE).digest('hex').slice(0, 13), 16)
const SECOND = 1000
const MINUTE = 60 * SECOND

let valkey: EmbeddedValkey
let redis: Redis
let client: PublisherClient

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  client = (await createPublisher({ host: '127.0.0.1', port: valkey.port }, 5000)).client
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
}
type Step =
  | Says
  | { readonly kind: 'passes'; readonly ms: number }
  | { readonly kind: 'silence'; readonly id: string; readonly ms: number; readonly match: readonly (readonly string[])[] }
  | { readonly kind: 'unsilence'; readonly id: string }
  | { readonly kind: 'cause'; readonly isOpen: boolean }
  | { readonly kind: 'act'; readonly action: Action['kind'] }
  | { readonly kind: 'looks' | 'restarts' | 'forgets' }

const MATCHES = [
  [['service', SERVICE]],
  [
    ['service', 's', ''],
    ['severity', 'CRITICAL'],
  ],
  [['rule', '', 'success', '']],
  [['rule', 'other']],
  [],
  [
    ['alert', ID],
    ['episode', '1'],
  ],
  [
    ['severity', 'WARNING'],
    ['episode', '2'],
    ['alert', ID],
  ],
  [
    ['alert', 'a', ''],
    ['episode', '1'],
  ],
  [
    ['alert', 'a2'],
    ['episode', '1'],
  ],
  [['alert', ID]],
]
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      kind: fc.constant('says' as const),
      instance: fc.constantFrom('A', 'B'),
      state: fc.constantFrom<AlertState>(
        'firing',
        'firing',
        'firing',
        'recovering',
        'pending',
        'resolved',
        'resolved',
        'resolved',
        'inactive',
      ),
      severity: fc.constantFrom<Severity>('WARNING', 'CRITICAL'),
      known: fc.nat(3).map((n) => n > 0),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('passes' as const),
      ms: fc.constantFrom(11 * SECOND, 21 * SECOND, 5 * MINUTE, 16 * MINUTE, 61 * MINUTE, 241 * MINUTE),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('silence' as const),
      id: fc.constantFrom('s1', 's2'),
      ms: fc.constantFrom(10 * MINUTE, 60 * MINUTE),
      match: fc.constantFrom(...MATCHES),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unsilence' as const), id: fc.constantFrom('s1', 's2') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cause' as const), isOpen: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('act' as const), action: fc.constantFrom('ack', 'unack', 'resolve') }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('looks' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('restarts' as const, 'forgets' as const) }) },
)

/** Fires and is over, again and again. */
const comesAndGoes: fc.Arbitrary<readonly Step[]> = fc.integer({ min: 2, max: 5 }).map((times) =>
  Array.from({ length: 2 * times }, (_, i): Step => {
    return { kind: 'says', instance: 'A', state: i % 2 === 0 ? 'firing' : 'resolved', severity: 'WARNING', known: true }
  }),
)
/** Is silenced until it is over, and is over. */
const isSilencedUntilOver: fc.Arbitrary<readonly Step[]> = fc.constantFrom('1', '2', '3').map((episode): readonly Step[] => [
  { kind: 'says', instance: 'A', state: 'firing', severity: 'WARNING', known: true },
  {
    kind: 'silence',
    id: 's1',
    ms: 60 * MINUTE,
    match: [
      ['alert', ID],
      ['episode', episode],
    ],
  },
  { kind: 'says', instance: 'A', state: 'resolved', severity: 'WARNING', known: true },
])
const part = fc.oneof(
  { weight: 20, arbitrary: step.map((each) => [each]) },
  { weight: 1, arbitrary: comesAndGoes },
  { weight: 1, arbitrary: isSilencedUntilOver },
)
const history = fc.array(part, { minLength: 5, maxLength: 40 }).map((parts) => parts.flat())

interface Message {
  readonly type: string
  readonly deliver: boolean
  readonly cause: string
  readonly actor: string | null
  readonly told: string | null
  readonly episode: number
  readonly epoch: string
  readonly state: AlertState
}

interface Silenced {
  readonly windows: readonly [readonly [number, number]]
  readonly match: readonly Match[]
}

async function held() {
  const [[seconds, micro], fold, texts, stream, due, silences, cause] = await Promise.all([
    redis.time(),
    redis.hget(names.alert(ID), 'fold'),
    redis.hgetall(names.entries(ID)),
    redis.xrange(names.alerts, '-', '+'),
    redis.zscore(names.overlayDue, `${SERVICE} ${ID}`),
    redis.hgetall(names.silences),
    redis.zcard(names.causing),
  ])
  const [state, severity, since, episode] = (fold ?? '').split(' ')
  const now = Number(seconds) * 1000 + Math.floor(Number(micro) / 1000)
  const before: FoldedAlert | undefined = state
    ? { state: state as AlertState, severity: severity as Severity, since: Number(since), episode: Number(episode) }
    : undefined
  return {
    now,
    before,
    messages: stream.map(([, [, text]]) => JSON.parse(text!) as Message),
    due: due === null ? undefined : Number(due),
    silences: Object.entries(silences).map(([id, text]) => ({
      id,
      ...(JSON.parse(text) as Silenced),
    })),
    hasCause: cause > 0 && (await redis.zcount(names.causing, CAUSE_SCORE, CAUSE_SCORE)) > 0,
    overlay: await heldOverlay(redis, names, ID, before),
    entries: Object.entries(texts).map(([name, text]): AlertEntry => parseEntry(name, text, undefined, now)!),
  }
}

const ABOUT = `"alert_id":"${ID}","service":"${SERVICE}","rule":"${RULE}"`

async function run(by: Says | undefined, n: number, start: number, wasTold: boolean, hasCauses: boolean, action?: Action) {
  const act = action?.kind === 'ack' ? (`ack ${action.until}` as const) : (`${action?.kind ?? 'unack'} -` as const)
  const channel = [names.alertsChannel, '86400000', 'e'] as const
  if (action) {
    const acts = acting(names, 86_400_000, 'e', { act, by: action.by, why: action.why, says: '"message":"by hand","value":null' })
    return client.healthAlert(...actKeys(names, ID, SERVICE), ...acts)
  }
  const keys = alertKeys(names, ID, SERVICE)
  if (!by) return client.healthAlert(...keys, ...lookingOnly(names, 86_400_000, 'e'))
  const breaching = by.known && (by.state === 'pending' || by.state === 'firing')
  return client.healthAlert(
    ...keys,
    by.instance,
    `{"state":"${by.state}","severity":"${by.severity}","breaching":${breaching},"known":${by.known},"keep":86400000,"start":${start},"n":${n},"episode":1,"age":0,`,
    `"timers":{},"says":{"message":"${by.instance} ${n}","value":null}}`,
    ...[ABOUT, `any ${wasTold ? 'told' : 'untold'} staying condition`, ...channel, hasCauses ? CAUSE : ''],
  )
}

/** The matcher of the specification, of this alert as it stands. */
const matchesIt = (silence: Silenced, { severity, episode }: Pick<FoldedAlert, 'severity' | 'episode'>): boolean =>
  matches(silence, { service: SERVICE, rule: RULE, severity, alert_id: ID, episode })

/** Whether it names this episode of the alert. */
const ends = (silence: Silenced, episode: number | undefined): boolean => {
  const named = episodeNamedBy(silence)
  return named !== undefined && named.alertId === ID && named.episode === episode
}

test.for([{ hasCauses: false }, { hasCauses: true }])(
  'script and specification agree after each step; an alert that others may cause: $hasCauses',
  { timeout: 300_000 },
  async ({ hasCauses }) => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        await redis.flushall()
        let [n, start] = [0, 1]
        const told = new Set<string>()
        // What people believe; not known once the server has forgotten what they were told.
        let believed: boolean | undefined = false
        const fired = new Set<string>()
        for (const each of steps) {
          const at = await held()
          if (each.kind === 'passes') await passes(redis, names, [ID], each.ms)
          if (each.kind === 'silence') {
            const windows = [[at.now - SECOND, at.now + each.ms]]
            await redis.hset(names.silences, each.id, JSON.stringify({ v: 1, by: 'grace', why: 'x', match: each.match, windows }))
          }
          if (each.kind === 'unsilence') await redis.hdel(names.silences, each.id)
          if (each.kind === 'cause') {
            if (each.isOpen) await redis.zadd(names.causing, CAUSE_SCORE, 'c1')
            else await redis.zrem(names.causing, 'c1')
          }
          if (each.kind === 'restarts') start++
          if (each.kind === 'forgets') {
            await redis.flushall()
            believed = undefined
          }
          if (each.kind !== 'says' && each.kind !== 'looks' && each.kind !== 'act') continue
          const by = each.kind === 'says' ? each : undefined
          if (!by && (!at.before || (each.kind === 'act' && !isOpen(at.before)))) continue
          // Two who say something in one millisecond are told apart by their names, which is no matter here.
          await new Promise((resolve) => setTimeout(resolve, 1))
          n++
          const wasTold = by !== undefined && told.has(by.instance)
          const who = { by: 'ada', why: 'because' }
          const action: Action | undefined =
            each.kind !== 'act'
              ? undefined
              : each.action === 'ack'
                ? { kind: 'ack', ...who, until: at.now + ACK_MS }
                : { kind: each.action, ...who }
          const [outcome] = await run(by, n, start, wasTold, hasCauses, action)
          expect(outcome).toBe('1')
          const after = await held()
          const own = by && after.entries.find(({ instance }) => instance === by.instance)!
          const now = own?.at ?? at.now
          const entries = own ? [...at.entries.filter(({ instance }) => instance !== own.instance), own] : at.entries
          // What a person does is about the alert as it stands.
          const stands = at.before && { after: at.before, told: undefined, speaker: undefined, gone: [] }
          const folded = foldAlert({
            ...{ scope: 'any', before: at.before, entries, alive: own !== undefined, now },
            ...(by && { by: { instance: by.instance, wasTold, cause: 'condition' as const } }),
          })
          const fold = action && stands ? stands : folded
          const isQuiet = at.overlay.told === 'nothing' && at.before === undefined
          const wasForgotten = isQuiet && (fold.told?.cause === 'memory_lost' || fold.told?.type === 'resolved')
          // Nobody looks at what lies over an alert while it does not change, unless something does.
          const isIdle = by !== undefined && fold.told === undefined && isBare(at)
          const input: OverlayInput = {
            before: at.before,
            fold,
            recovering: entries.some(({ state }) => state === 'recovering'),
            breaching: entries.some(({ state, known }) => state === 'firing' && known),
            overlay: wasForgotten ? { ...at.overlay, told: 'fired', toldSeverity: fold.after.severity } : at.overlay,
            silences: [],
            ending: at.silences.filter((silence) => ends(silence, at.before?.episode)).map(({ id }) => id),
            hasCauses,
            causeIsOpen: hasCauses && at.hasCause,
            action,
            now,
          }
          // What it is does not hang on what lies over it, and that may hang on which episode it is.
          const { after: becomes } = stepOverlays(input)
          const inForce = at.silences.filter(({ windows: [[from, until]] }) => now >= from && now < until)
          const silences = inForce.filter((silence) => matchesIt(silence, becomes)).map(({ id }) => id)
          const expected = stepOverlays({ ...input, silences: silences.toSorted() })
          const messages = after.messages.slice(at.messages.length)
          for (const { type, deliver } of messages) seen.add(`${type} ${deliver}`)
          if (isIdle) {
            expect(messages).toEqual([])
            continue
          }
          expect(messages.map(({ type, deliver, cause, actor, told: before }) => ({ type, deliver, cause, actor, told: before }))).toEqual(
            expected.messages.map((message) => (message.type === 'silenced' ? { ...message, actor: 'grace' } : message)),
          )
          const { state, episode } = after.before!
          expect({ state, severity: after.before!.severity, episode }).toEqual({
            ...{ state: expected.after.state, severity: expected.after.severity, episode: expected.after.episode },
          })
          if (expected.ended.length > 0) seen.add('a silence with it')
          expect(after.silences.map(({ id }) => id)).toEqual(at.silences.map(({ id }) => id).filter((id) => !expected.ended.includes(id)))
          expect(rounded(after.overlay)).toEqual(rounded(expected.overlay))
          expect(after.due === undefined ? undefined : Math.round(after.due / 2000)).toEqual(
            expected.dueAt === undefined ? undefined : expect.closeTo(expected.dueAt / 2000, -0.3),
          )
          expect(await redis.zrange(names.open, '0', '-1')).toEqual(isOpen(after.before!) ? [ID] : [])
          if (by) {
            if (isOpen(after.before!) && isOpen({ state: by.state })) told.add(by.instance)
            else told.delete(by.instance)
          }
          for (const message of messages) {
            if (message.type === 'fired') {
              const which = `${message.epoch} ${message.episode}`
              expect(fired.has(which), `fired twice: ${which}`).toBe(false)
              fired.add(which)
            }
            if (message.cause === 'memory_lost') believed = true
            if (message.type === 'resolved' && believed === true) expect(message.deliver).toBe(true)
            if (message.type === 'resolved' && believed === false) expect(message.deliver).toBe(false)
            if (message.deliver && !message.type.startsWith('flapping')) believed = isOpen({ state: message.state })
          }
          if (believed !== undefined) expect(isToldOpen(after.overlay)).toBe(believed)
          if (after.before!.state === 'resolved') expect(believed ?? false).toBe(false)
        }
      }),
      { numRuns: Number(process.env['OTEL_HEALTH_OVERLAY_RUNS'] ?? 60) },
    )
    // Or nothing was compared.
    expect(seen.size).toBeGreaterThan(8)
    expect([...seen]).toContain('a silence with it')
  },
)

type Held = Awaited<ReturnType<typeof held>>

function isBare({ overlay: { ack, byHand, heldUntil, silenced, inhibited, flapping } }: Held): boolean {
  return !ack && !byHand && heldUntil === undefined && silenced.length === 0 && !inhibited && !flapping
}

function rounded({ ack, byHand, heldUntil, flaps, silenced, ...rest }: Held['overlay']) {
  return {
    ...rest,
    ack: ack && { by: ack.by, why: ack.why },
    byHand: byHand && { by: byHand.by, why: byHand.why },
    isHeld: heldUntil !== undefined,
    silenced: [...silenced].toSorted(),
    flaps: flaps.length,
  }
}
