import fc from 'fast-check'
import { expect, test } from 'vitest'
import { instanceStatus } from '../../src/judge/status.ts'
import { dependenciesOf, dependencySentence } from '../../src/subscribe/dependencies.ts'
import type { HealthView, InstanceView, ServiceView } from '../../src/subscribe/health-view.ts'
import type { CheckResult } from '../../src/types.ts'
import type { AlertView } from '../../src/wire/alert-view.ts'
import { parseStatus } from '../../src/wire/message.ts'
import { encodeStatus } from '../../src/wire/status-message.ts'
import { AT, snapshotOf } from '../wire/fixtures.ts'

interface Instance {
  readonly on?: readonly string[]
  /** Errors of its checks by name, `null` for one that is well. */
  readonly checks?: Readonly<Record<string, string | null>>
  readonly missing?: boolean
}

interface Service extends Instance {
  /** The open alert it has. */
  readonly alert?: 'WARNING' | 'CRITICAL'
  /** Instead of one instance. */
  readonly instances?: readonly Instance[]
}

function viewOf(services: Readonly<Record<string, Service>>): HealthView {
  const each = Object.entries(services)
  return {
    ...{ at: AT, epoch: 'e', seq: 1 },
    services: each.map(([name, service]) => serviceOf(name, service.instances ?? [service])),
    alerts: each.flatMap(([name, { alert }]) => (alert ? [alertOf(name, alert)] : [])),
  }
}

function serviceOf(service: string, instances: readonly Instance[]): ServiceView {
  return { service, lastBeatAt: AT, instances: instances.map((each, index) => instanceOf(service, `pod-${index}`, each)) }
}

/** As the instance says it itself: a check that fails degrades it. */
function instanceOf(service: string, instance: string, { on, checks: errors = {}, missing }: Instance): InstanceView {
  if (missing) return { instance, lastBeatAt: AT, status: undefined }
  const checks = Object.fromEntries(
    Object.entries(errors).map(([name, error]): [string, CheckResult] => [
      name,
      error === null ? { status: 'healthy' } : { status: 'unhealthy', error },
    ]),
  )
  const own = instanceStatus({ phase: 'running', alerts: [], verdicts: [], checks })
  const said = { service, instance, checks, alerts: [], instanceStatus: own.status, reasons: own.reasons, ...(on && { dependsOn: on }) }
  return { instance, lastBeatAt: AT, status: parseStatus(service, encodeStatus(snapshotOf(said), 1).json) }
}

function alertOf(service: string, severity: AlertView['severity']): AlertView {
  return {
    ...{ alert_id: service, episode: 1, rev: 1, service, rule: 'low', severity },
    ...{ state: 'firing', since: '2026-11-22T10:00:00.000Z', message: 'too few', value: null, instances: {} },
  }
}

const SILENT = 'silent: no instance gives a sign of life'

test.for<{ why: string; services: Record<string, Service>; causes: Record<string, string[]> }>([
  { why: 'nobody depends on anything', services: { a: { alert: 'CRITICAL' }, b: {} }, causes: {} },
  { why: 'what it depends on is well', services: { a: { on: ['b'] }, b: {} }, causes: {} },
  {
    why: 'what it depends on is unhealthy, and says why',
    services: { a: { on: ['b'] }, b: { alert: 'CRITICAL' } },
    causes: { a: ['depends on b, which is unhealthy: low: too few'] },
  },
  {
    why: 'a service in between is well: the cause is behind it',
    services: { a: { on: ['b'] }, b: { on: ['c'] }, c: { alert: 'CRITICAL' } },
    causes: {
      a: ['depends on c (through b), which is unhealthy: low: too few'],
      b: ['depends on c, which is unhealthy: low: too few'],
    },
  },
  {
    why: 'a service in between has an alert of its own: it is a cause too, and the worst comes first',
    services: { a: { on: ['b'] }, b: { on: ['c'], alert: 'WARNING' }, c: { alert: 'CRITICAL' } },
    causes: {
      a: ['depends on c (through b), which is unhealthy: low: too few', 'depends on b, which is degraded: low: too few'],
      b: ['depends on c, which is unhealthy: low: too few'],
    },
  },
  {
    why: 'of two ways the shorter one is told, and all services on a longer one are',
    services: { a: { on: ['b', 'd'] }, b: { on: ['c'] }, c: { on: ['d'] }, d: { on: ['e'] }, e: { on: ['f'] }, f: { alert: 'WARNING' } },
    causes: {
      a: ['depends on f (through d, e), which is degraded: low: too few'],
      b: ['depends on f (through c, d, e), which is degraded: low: too few'],
      c: ['depends on f (through d, e), which is degraded: low: too few'],
      d: ['depends on f (through e), which is degraded: low: too few'],
      e: ['depends on f, which is degraded: low: too few'],
    },
  },
  {
    why: 'services that depend on each other: neither is a cause of itself',
    services: { a: { on: ['b'], alert: 'CRITICAL' }, b: { on: ['a'] } },
    causes: { b: ['depends on a, which is unhealthy: low: too few'] },
  },
  { why: 'a service that says it depends on itself', services: { a: { on: ['a'], alert: 'CRITICAL' } }, causes: {} },
  {
    why: 'nobody has heard of it: that is told, after what is known to be bad',
    services: { a: { on: ['payments', 'b'] }, b: { alert: 'WARNING' }, c: { on: ['a'] } },
    causes: {
      a: ['depends on b, which is degraded: low: too few', 'depends on payments, which is unknown: nothing has been heard of it'],
      c: [
        'depends on b (through a), which is degraded: low: too few',
        'depends on payments (through a), which is unknown: nothing has been heard of it',
      ],
    },
  },
  {
    why: 'it is silent: what it depends on itself is not known any more',
    services: { a: { on: ['b'] }, b: { instances: [{ missing: true, on: ['c'] }] }, c: { alert: 'CRITICAL' } },
    causes: { a: [`depends on b, which is unhealthy: ${SILENT}`] },
  },
  {
    why: 'an instance of it is missing',
    services: { a: { on: ['b'] }, b: { instances: [{}, { missing: true }] } },
    causes: { a: ['depends on b, which is degraded: instance pod-1 is missing'] },
  },
  {
    why: 'a check of its own fails',
    services: { a: { on: ['redis'], checks: { redis: 'ECONNREFUSED' } } },
    causes: { a: ['depends on redis, which is unhealthy: ECONNREFUSED'] },
  },
  { why: 'a check of its own is well', services: { a: { on: ['redis'], checks: { redis: null } } }, causes: {} },
  {
    why: 'a service is not well only for a check that it depends on: what is checked is the cause',
    services: { a: { on: ['b'] }, b: { on: ['redis'], checks: { redis: 'timeout' } } },
    causes: {
      a: ['depends on redis (through b), which is unhealthy: timeout'],
      b: ['depends on redis, which is unhealthy: timeout'],
    },
  },
  {
    why: 'a service is not well for a check that it does not say it depends on: it is the cause',
    services: { a: { on: ['b'] }, b: { checks: { redis: 'timeout' } } },
    causes: { a: ['depends on b, which is degraded: redis check is failing: timeout'] },
  },
  {
    why: 'checks of one name of two services are two',
    services: {
      a: { on: ['b', 'c'] },
      b: { on: ['redis'], checks: { redis: 'timeout' } },
      c: { on: ['redis'], checks: { redis: 'ECONNRESET' } },
    },
    causes: {
      a: ['depends on redis (through b), which is unhealthy: timeout', 'depends on redis (through c), which is unhealthy: ECONNRESET'],
      b: ['depends on redis, which is unhealthy: timeout'],
      c: ['depends on redis, which is unhealthy: ECONNRESET'],
    },
  },
  {
    why: 'a service and a check have one name: it is the service',
    services: { a: { on: ['redis'], checks: { redis: null } }, redis: { alert: 'WARNING' } },
    causes: { a: ['depends on redis, which is degraded: low: too few'] },
  },
  {
    why: 'a name that every object has is no check',
    services: { a: { on: ['constructor'], checks: { redis: null } } },
    causes: { a: ['depends on constructor, which is unknown: nothing has been heard of it'] },
  },
  {
    why: 'instances name different things: it is all of them',
    services: { a: { instances: [{ on: ['b'] }, { on: ['c', 'b'] }, {}] }, b: { alert: 'WARNING' }, c: { alert: 'WARNING' } },
    causes: { a: ['depends on b, which is degraded: low: too few', 'depends on c, which is degraded: low: too few'] },
  },
  {
    why: 'a check fails for one of the instances',
    services: { a: { instances: [{ on: ['redis'], checks: { redis: null } }, { on: ['redis'], checks: { redis: 'timeout' } }, {}] } },
    causes: { a: ['depends on redis, which is unhealthy: timeout'] },
  },
])('$why', ({ services, causes }) => {
  const found = [...dependenciesOf(viewOf(services))].map(([name, of]) => [name, of.causes.map(dependencySentence)] as const)
  expect(Object.fromEntries(found)).toEqual({ ...Object.fromEntries(Object.keys(services).map((name) => [name, []])), ...causes })
})

test('listed is what the service names itself, well or not, and then what it depends on through others', () => {
  const services = {
    a: { on: ['redis', 'b', 'x'], checks: { redis: null } },
    b: { on: ['c', 'd'] },
    c: { alert: 'CRITICAL' },
    d: {},
  } as const
  expect(dependenciesOf(viewOf(services)).get('a')?.all).toEqual([
    { name: 'redis', status: 'healthy', through: [] },
    { name: 'b', status: 'healthy', through: [] },
    { name: 'x', status: 'unknown', reason: 'nothing has been heard of it', through: [] },
    { name: 'c', status: 'unhealthy', reason: 'low: too few', through: ['b'] },
  ])
})

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f']
const service = fc.record({
  on: fc.uniqueArray(fc.constantFrom(...NAMES, 'redis', 'x'), { maxLength: 5 }),
  alert: fc.option(fc.constantFrom('WARNING' as const, 'CRITICAL' as const), { nil: undefined, freq: 2 }),
  missing: fc.boolean(),
  checks: fc.record({ redis: fc.constantFrom(null, null, 'timeout') }),
})
const anyServices = fc.dictionary(fc.constantFrom(...NAMES), service, { noNullPrototype: true }) as fc.Arbitrary<Record<string, Service>>

/** The same by brute force: what can be reached, and what of it is bad by itself. */
function causesByForce(services: Record<string, Service>, name: string): Set<string> {
  const namesOf = (of: string) => (services[of]?.missing ? [] : (services[of]?.on ?? []))
  const within = new Set([name])
  for (let round = 0; round < NAMES.length; round++)
    for (const of of within) for (const each of namesOf(of)) if (services[each]) within.add(each)
  const isBad = (of: string) => {
    const { alert, missing, checks, on } = services[of]!
    return alert !== undefined || missing === true || (checks!['redis'] !== null && !on!.includes('redis'))
  }
  const bad = [...within].filter((of) => of !== name && isBad(of))
  const redis = [...within].filter((of) => namesOf(of).includes('redis') && services[of]!.checks!['redis'] !== null).map(() => 'redis')
  const unknown = [...within].flatMap((of) => namesOf(of).filter((each) => each !== 'redis' && !services[each]))
  return new Set([...bad, ...redis, ...unknown])
}

test('whoever depends on whom: the causes are all that is bad by itself among what can be reached, and none if all of that is well', () => {
  fc.assert(
    fc.property(anyServices, (services) => {
      for (const [name, { all, causes }] of dependenciesOf(viewOf(services))) {
        expect(new Set(causes.map((cause) => cause.name))).toEqual(causesByForce(services, name))
        for (const cause of causes) {
          expect(cause.status).not.toBe('healthy')
          expect(all).toContainEqual(cause)
        }
      }
    }),
    { numRuns: 300 },
  )
})
