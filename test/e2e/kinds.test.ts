/**
 * The four kinds of the pipeline behind the fetcher, each told of the same work in two ways: by a monitor of its class, and by a
 * health.config beside services of three strangers that know nothing of otel-health. Whatever the way, the figures are those that the
 * service has counted itself, and the same alerts fire.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { AlertMessage } from '../../src/wire/alert-message.ts'
import { HealthMessages } from './health-messages.ts'
import type { KindContract, ToldAlert } from './kinds/contract.ts'
import { testFaults } from './kinds/faults.ts'
import { geocoding } from './kinds/geocoding.ts'
import { locationAggregator } from './kinds/location-aggregator.ts'
import { has, is } from './kinds/matches.ts'
import { notification } from './kinds/notification.ts'
import { realtimeGeofence } from './kinds/realtime-geofence.ts'
import { stranger } from './kinds/stranger.ts'
import { startUpstreams, type Upstreams } from './kinds/upstreams.ts'
import { startSurroundings, type Surroundings } from './service-surroundings.ts'

const TIMEOUT = { timeout: 90_000 }

const CONTRACTS: readonly KindContract[] = [geocoding, realtimeGeofence, locationAggregator, notification]

const WAYS = [
  { way: 'by its monitor', style: 'monitor' },
  { way: 'by health.config, of a class', style: 'class' },
  { way: 'by health.config, of functions', style: 'functions' },
  { way: 'by health.config, of callbacks', style: 'callback' },
] as const
type Style = (typeof WAYS)[number]['style']

/** Seconds. What changes is published at once; sixteen processes on a busy machine may say nothing for as long as three short ones take. */
const PUBLISHING_INTERVAL = 5

/** A service at work, and what it has counted by itself once it is done. */
interface AtWork {
  readonly ledger: Promise<object>
  readonly output: () => string
  readonly stop: () => Promise<unknown>
}

let surroundings: Surroundings
let upstreams: Upstreams
let health: HealthMessages
/** Running from the beginning, for most figures are known only when half a minute was watched. */
const atWork = new Map<string, Promise<AtWork>>()

beforeAll(async () => {
  ;[surroundings, upstreams] = await Promise.all([startSurroundings(12), startUpstreams()])
  health = await HealthMessages.on(surroundings.port)
  for (const contract of CONTRACTS) {
    for (const { style } of WAYS) atWork.set(nameOf(contract, style), style === 'monitor' ? inCode(contract) : watched(contract, style))
  }
}, 60_000)
afterAll(async () => {
  await Promise.all(Array.from(atWork.values(), async (service) => (await service).stop()))
  await Promise.all([surroundings.close(), upstreams.close()])
  health.close()
})

function nameOf({ folder }: KindContract, style: Style): string {
  return `${folder}.${style}`
}

async function watched(contract: KindContract, style: Style): Promise<AtWork> {
  const service = nameOf(contract, style)
  const process = await surroundings.start({
    ...stranger(`${contract.folder}/${style}`),
    env: { ...upstreams.env, HEALTH_SERVICE_NAME: service, HEALTH_PUBLISHING_INTERVAL: String(PUBLISHING_INTERVAL), STAY: '1' },
    lists: contract.lists(Date.now()),
  })
  return {
    ledger: process.ledger,
    output: () => process.output,
    stop: async () => expect(await process.stop()).toMatchObject({ code: 0, stderr: '' }),
  }
}

async function inCode(contract: KindContract): Promise<AtWork> {
  const told = contract.monitor({
    serviceName: nameOf(contract, 'monitor'),
    redisHost: '127.0.0.1',
    redisPort: surroundings.port,
    publishingInterval: PUBLISHING_INTERVAL,
    metricsInterval: 1,
    evaluationInterval: 0.5,
    env: { OTEL_METRICS_EXPORTER: 'none' },
  })
  await told.monitor.start()
  told.tell()
  return { ledger: Promise.resolve({ ...contract.ledger, lagMs: undefined }), output: () => '', stop: () => told.monitor.stop() }
}

const inWords = ({ rule, labels = {} }: Pick<ToldAlert, 'rule' | 'labels'>) => [rule, ...Object.entries(labels).flat()].join(' ')
const firedOf = (alerts: readonly AlertMessage[]) => alerts.filter(({ type }) => type === 'fired').map((alert) => inWords(alert))

// Most of them end before the others' half minute is over.
testFaults(() => upstreams)

describe.concurrent.for(CONTRACTS)('$kind', (contract) => {
  test.concurrent.for(WAYS)('is judged $way', TIMEOUT, async ({ style }, { onTestFailed }) => {
    const name = nameOf(contract, style)
    const service = await atWork.get(name)!
    onTestFailed(() => console.error(`${service.output()}\n${health.last(name)}`))

    const ledger = (await service.ledger) as Readonly<Record<string, unknown>>
    if (style !== 'monitor') expect(ledger).toEqual(contract.ledger)
    const { totals } = await health.metrics(name, (message) => is(message.totals['attempts'], contract.totals['attempts']))
    expect(totals).toEqual({ since: expect.any(String), ...contract.totals })
    const soon = contract.soon(ledger)
    await health.metrics(name, ({ metrics }) => has(metrics, soon))
    await health.metrics(name, ({ metrics }) => has(metrics, contract.later))

    for (const { rule, labels } of contract.alerts) {
      await health.alert(name, (alert) => alert.type === 'fired' && alert.rule === rule && is(alert.labels, labels))
    }
    const status = await health.status(name, ({ alerts }) => alerts.length === contract.alerts.length)
    expect(status).toMatchObject({ kind: contract.kind, phase: 'running' })
    expect(status.alerts.map((alert) => `${inWords(alert)} ${alert.severity} ${alert.state}`).toSorted()).toEqual(
      contract.alerts.map((alert) => `${inWords(alert)} ${alert.severity} firing`),
    )
    expect(firedOf(health.alertsOf(name)).toSorted()).toEqual(contract.alerts.map(inWords))

    await service.stop()
    await health.status(name, ({ phase }) => phase === 'stopped')
  })
})

test('what was said can be read by any reader', () => {
  expect(health.refused).toEqual([])
})
