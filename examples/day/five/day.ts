/**
 * A day of the five services in one process: simulators at all ends, each service watched as by `otel-health/register` in a process of its
 * own, five monitors on one virtual clock and one health Redis. Services are imported after they are watched; nothing here may import them
 * before.
 */
import { Redis } from 'ioredis'
import { DiscreteClock } from '../../simulators/discrete-clock.ts'
import { seededRandom } from '../../simulators/random.ts'
import { TrackerQueues } from '../../tracker-fetcher/queues.ts'
import { countRefused } from '../count-refused.ts'
import { healthClock } from '../health-clock.ts'
import { holdTime } from '../hold-time.ts'
import { listen } from '../listen.ts'
import type { AnyResult } from '../print-result.ts'
import { clockTime, type Timeline } from '../timeline.ts'
import { isOfAnHour } from '../clock-of-redis.ts'
import { compareAlerts, type ToldAlert } from '../told-alerts.ts'
import { Actors } from './actors.ts'
import { compareAll } from './books/all.ts'
import type { AnyTotals, Books } from './books/books.ts'
import { Exchanges } from './exchanges.ts'
import { leftOver } from './left-over.ts'
import { eachOf, SERVICES, type OfEach, type Running, type ServiceName } from './services.ts'
import { setStage } from './stage.ts'
import { inWords, type Step } from './steps.ts'
import { watch } from './watched.ts'
import { hearComplaints } from '../complaints.ts'

const SECOND = 1_000
const HOUR = 3_600 * SECOND
const DAY = 24 * HOUR
const DRAIN_MS = 600 * SECOND
/** After what was taken on last has been sent, until its receipt is there. */
const SETTLED_MS = 180 * SECOND
/** Trackers of nobody's: without them nothing would be due at some turns of the first minutes. */
const ARCHIVED = Array.from({ length: 60 }, (_, n) => `archived-${n}`)

/** What a service logs because of a fault that is in the timeline. */
const EXPECTED_LOGS = ['account', 'aggregate', 'evaluate']

export interface DayOfFiveResult extends AnyResult {
  /** What the services say of themselves. */
  readonly counts: Books['counts']
  /** Requests of the monitors' own, which are in no figure. */
  readonly probes: number
}

export interface DayOfFiveOptions {
  readonly seed: number
  readonly timeline: Timeline<Step>
  /** One line of progress. */
  readonly say: (line: string) => void
}

export async function runDayOfFive({ seed, timeline, say }: DayOfFiveOptions): Promise<DayOfFiveResult> {
  const clock = new DiscreteClock()
  const midnight = clock.now()
  const tell = (line: string): void => say(`${clockTime(clock.now() - midnight)}  ${line}`)
  const { complaints, complain } = hearComplaints(tell)
  const exchanges = new Exchanges(clock)
  holdTime(clock, exchanges.fetch(fetch))
  const stage = await setStage({ seed, clock, exchanges, common: timeline.environment })
  const { simulators, otlp, redisPort, environments } = stage

  const told: ToldAlert[] = []
  let heard = 0
  const totals: Partial<Record<ServiceName, AnyTotals>> = {}
  const channels = await listen(redisPort)
  channels.onMessage = (message) => {
    if (message.channel === 'metrics') totals[message.service as ServiceName] = message.totals
    if (message.channel !== 'alerts') return
    const { service, rule, type, severity } = message
    const [of] = Object.values(message.labels ?? {})
    if (message.seq !== ++heard) complain(`message ${heard} about an alert has the number ${message.seq}`)
    if (isOfAnHour(type)) return
    told.push({ atMs: clock.now() - midnight, service, rule, ...(of !== undefined && { of }), type, severity })
    tell(`alert      ${service} ${type} ${rule} ${severity}: ${message.message}`)
  }

  const health = healthClock(clock)
  const clients = eachOf(() => new Redis(redisPort, '127.0.0.1'))
  const watched = Object.values(
    eachOf(({ name, folder }) => watch({ folder, environment: environments[name], clock: health, redis: clients[name] })),
  )
  for (const { monitor } of watched) await monitor.start()

  const line = countRefused()
  const created = SERVICES.map(async ({ name, create }) => {
    const log = (event: string, fields: object): void => {
      if (!EXPECTED_LOGS.includes(event)) complain(name, event, JSON.stringify(fields))
    }
    const random = seededRandom(seed, name)
    const world = { clock, redis: clients[name], random: () => random.next(), log }
    return [name, await create(environments[name], { ...world, fetch: name === 'tracker_fetcher' ? line.fetch : fetch })] as const
  })
  const running = Object.fromEntries(await Promise.all(created)) as unknown as Running

  const actors = new Actors({ clock, simulators, redisPort, complain })
  await new TrackerQueues(actors.redis).refreshNow(ARCHIVED)
  for (const { name } of SERVICES) await running[name].start()
  actors.couriers.start()
  for (const step of timeline.steps) {
    void clock.sleep(step.atMs).then(() => {
      tell(`event      ${inWords(step)}`)
      return actors.take(step)
    })
  }
  for (let hour = 1; hour <= 24; hour++) {
    void clock.sleep(hour * HOUR).then(() => {
      const { received } = running.location_aggregator.counts()
      const { push = 0 } = running.notification.counts().notifications
      tell(`progress   ${received} reports, ${push} events`)
    })
  }
  await clock.run(DAY)

  // Along the stream, so that nothing is left between two of them.
  for (const { name } of SERVICES) {
    const drained = running[name].drain()
    await clock.run(DRAIN_MS, drained)
    await drained
    await clock.run(SETTLED_MS)
  }
  // Only a metrics message that comes now holds everything.
  await clock.run(Number(timeline.environment['HEALTH_METRICS_INTERVAL'] ?? 300) * SECOND)
  for (const { monitor, unwatch } of watched) {
    await monitor.stop()
    unwatch()
  }

  const ledger = simulators.summary()
  const siblings = simulators.siblings!.summary()
  const counts = eachOf(({ name }) => running[name].counts()) as unknown as Books['counts']
  const probes = [...Object.values(ledger.probes), ...Object.values(siblings).map((each) => each.probes)]
  const result: DayOfFiveResult = {
    counts,
    probes: probes.reduce((sum, n) => sum + n, 0),
    figures: compareAll({
      ledger,
      entries: simulators.ledger.entries(),
      siblings,
      refused: line.refused(),
      couriers: actors.couriers.sent,
      counts,
      left: await leftOver(actors.redis),
      otlp,
      totals: totals as OfEach<AnyTotals>,
    }),
    told,
    alerts: compareAlerts(timeline.expected, told, Number(timeline.environment['HEALTH_EVALUATION_INTERVAL']) * SECOND),
    complaints,
  }
  channels.close()
  for (const redis of [actors.redis, ...Object.values(clients)]) redis.disconnect()
  await stage.stop()
  return result
}
