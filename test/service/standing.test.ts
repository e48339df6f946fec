import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isOpen } from '../../src/judge/alert.ts'
import { alertReason } from '../../src/judge/status.ts'
import { Neighbours } from '../../src/service/neighbours.ts'
import { standingOf } from '../../src/service/standing.ts'
import { serviceStatus } from '../../src/subscribe/service-status.ts'
import type { Alert, CheckResult, InstancePresence, Phase, ShownAlert } from '../../src/types.ts'
import { parseAlertDocument } from '../../src/wire/alert-document.ts'
import { alertId } from '../../src/wire/alert-id.ts'
import { parseStatus } from '../../src/wire/message.ts'
import { encodeStatus, type StatusMessage } from '../../src/wire/status-message.ts'
import { alertOf, AT, documentOf, snapshotOf } from '../wire/fixtures.ts'

const SERVICE = 'tracker_fetcher'
const FAILING: CheckResult = { status: 'unhealthy', latencyMs: 5000, error: 'timeout' }

interface Instance {
  readonly name: string
  readonly phase: Phase
  readonly missing: boolean
  readonly failing: readonly string[]
}

/** What `instance` knows of another by the last message of that one. */
function presenceOf({ name, missing }: Instance, said: StatusMessage | undefined): InstancePresence {
  return {
    instance: name,
    lastBeatAgeMs: 0,
    live: !missing,
    instanceStatus: missing ? undefined : said?.instance_status,
    phase: missing ? undefined : said?.phase,
    ...(!missing && said && { reasons: said.reasons }),
  }
}

type Said = ReadonlyMap<string, StatusMessage>

/** An alert, and the instances that find it; of nobody: of one that is not there any more. */
interface Found {
  readonly alert: Alert
  readonly by: readonly string[]
}

/** Every instance that is there publishes its status, knowing what the others said before and which alerts are open. */
function publishAll(found: readonly Found[], instances: readonly Instance[], before: Said): Said {
  const there = instances.filter(({ missing }) => !missing)
  const said = there.map((instance): [string, StatusMessage] => {
    const { name, phase, failing } = instance
    const others = instances.filter((other) => other !== instance).map((other) => presenceOf(other, before.get(other.name)))
    const checks = Object.fromEntries(failing.map((check) => [check, FAILING]))
    const neighbours = new Neighbours()
    const open = found.flatMap(({ alert, by }) =>
      isOpen(alert) ? [{ ...alert, asks: false, ofOthers: by.some((other) => other !== name) || by.length === 0 }] : [],
    )
    neighbours.observe({ others, open, silent: [], clockSkewMs: 0 })
    const alerts = found.filter(({ by }) => by.includes(name)).map(({ alert }) => alert)
    const withThoseOfOthers = (own: readonly ShownAlert[]) => neighbours.withThoseOfOthers(own)
    const standing = standingOf({
      instance: name,
      phase,
      verdicts: [],
      alerts,
      withThoseOfOthers,
      checks,
      failing,
      required: undefined,
      others,
    })
    return [name, parseStatus(SERVICE, encodeStatus(snapshotOf({ ...standing, instance: name }), 1).json)!]
  })
  return new Map(said)
}

/** What a reader makes of the messages and of the documents of open alerts. */
function readAll(found: readonly Found[], instances: readonly Instance[], said: Said) {
  const documents = openOf(found).map((alert) => documentOf(alert))
  return serviceStatus(
    {
      service: SERVICE,
      lastBeatAt: AT,
      instances: instances.map(({ name }) => ({ instance: name, lastBeatAt: AT, status: said.get(name) })),
    },
    documents.map((document) => parseAlertDocument('1', document)!),
  )
}

function openOf(found: readonly Found[]): readonly Alert[] {
  return found.map(({ alert }) => alert).filter(isOpen)
}

const NAMES = ['a', 'b', 'c', 'd']
const anyAlert = fc
  .record({
    rule: fc.constantFrom('low_success_rate', 'large_queue', 'slow_apple_api'),
    work: fc.option(fc.constantFrom('sendMail', 'resize'), { nil: undefined }),
    severity: fc.constantFrom('WARNING', 'CRITICAL'),
    state: fc.constantFrom('inactive', 'pending', 'firing', 'recovering', 'unknown', 'resolved'),
    message: fc.constantFrom('it is so', 'it is too much'),
    by: fc.subarray(NAMES),
  })
  .map(({ work, by, ...alert }): Found => {
    const labels = work === undefined ? {} : { labels: { 'work.name': work } }
    return { alert: alertOf({ ...alert, ...labels, id: alertId(alert.rule, SERVICE, labels.labels) }), by }
  })
const anyAlerts = fc.uniqueArray(anyAlert, { selector: ({ alert }) => alert.id, maxLength: 5 })
const anyInstance = fc.record({
  name: fc.constantFrom(...NAMES),
  phase: fc.constantFrom('starting', 'running', 'paused', 'draining'),
  missing: fc.boolean(),
  failing: fc.subarray(['redis', 'sql']),
})
const anyInstances = fc.uniqueArray(anyInstance, { selector: ({ name }) => name, minLength: 1 })

test('what every instance publishes and what a reader folds agree, and nothing is said twice', () => {
  fc.assert(
    fc.property(anyAlerts, anyInstances, (found, instances) => {
      const said = publishAll(found, instances, publishAll(found, instances, new Map()))
      const read = readAll(found, instances, said)
      for (const { status, reasons } of [read, ...said.values()]) {
        expect(status).toBe(read.status)
        expect(new Set(reasons).size).toBe(reasons.length)
        expect(reasons.length > 0).toBe(status !== 'healthy')
        const open = openOf(found)
        const worstFirst = open.filter(({ severity }) => severity === 'CRITICAL').length
        expect(reasons.filter((reason) => open.some(({ rule }) => reason.startsWith(rule)))).toHaveLength(open.length)
        expect(new Set(reasons)).toEqual(new Set([...reasons, ...open.map(alertReason)]))
        expect(reasons.slice(0, worstFirst).toSorted()).toEqual(
          open
            .filter(({ severity }) => severity === 'CRITICAL')
            .map(alertReason)
            .toSorted(),
        )
      }
    }),
  )
})

test('what has passed is not kept alive by instances that repeat it to one another', () => {
  fc.assert(
    fc.property(anyAlerts, anyInstances, anyAlerts, (before, instances, after) => {
      const troubled = publishAll(before, instances, publishAll(before, instances, new Map()))
      const well = instances.map((instance) => ({ ...instance, phase: 'running' as const, missing: false, failing: [] }))
      const first = publishAll(after, well, troubled)
      const said = publishAll(after, well, first)
      for (const { reasons } of [...said.values(), readAll(after, well, said)]) {
        expect(reasons.toSorted()).toEqual(openOf(after).map(alertReason).toSorted())
      }
    }),
  )
})
