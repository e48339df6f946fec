/** The services on one virtual clock, one Redis and the simulators, for tests that compare what they count with what really happened. */
import { Redis } from 'ioredis'
import { readConfig as geocodingConfig } from '../../examples/geocoding/config.ts'
import { createGeocoding, type Geocoding } from '../../examples/geocoding/create-geocoding.ts'
import { readConfig as aggregatorConfig } from '../../examples/location-aggregator/config.ts'
import { createLocationAggregator, type LocationAggregator } from '../../examples/location-aggregator/create-location-aggregator.ts'
import { readConfig as notificationConfig } from '../../examples/notification/config.ts'
import { createNotification, type NotificationService } from '../../examples/notification/create-notification.ts'
import { readConfig as geofenceConfig } from '../../examples/realtime-geofence/config.ts'
import { createRealtimeGeofence, type RealtimeGeofence } from '../../examples/realtime-geofence/create-realtime-geofence.ts'
import type { Environment } from '../../examples/service/environment.ts'
import type { Service } from '../../examples/service/service.ts'
import { DiscreteClock } from '../../examples/simulators/discrete-clock.ts'
import { discreteFetch, discreteRedis } from '../../examples/simulators/discrete-io.ts'
import { seededRandom } from '../../examples/simulators/random.ts'
import type { Siblings } from '../../examples/simulators/siblings.ts'
import { startSimulators, type Simulators } from '../../examples/simulators/start.ts'
import { readConfig as fetcherConfig } from '../../examples/tracker-fetcher/config.ts'
import { createFetcher } from '../../examples/tracker-fetcher/create-fetcher.ts'
import type { Fetcher } from '../../examples/tracker-fetcher/fetcher.ts'

const MINUTE = 60_000

type Variables = Readonly<Record<string, string>>
type Create<Created> = (env?: Variables, redis?: Redis) => Created

export interface SimulatedServices {
  readonly clock: DiscreteClock
  readonly simulators: Simulators
  readonly siblings: Siblings
  readonly redis: Redis
  readonly create: {
    readonly fetcher: Create<Fetcher>
    readonly aggregator: Create<LocationAggregator>
    readonly geofence: Create<RealtimeGeofence>
    readonly notification: Create<NotificationService>
    readonly geocoding: Create<Geocoding>
  }
  /** A connection that breaks for good once so many commands were answered: to what it belongs, that is the end. */
  dyingRedis(answers: number): Redis
  push(list: string, items: readonly object[]): Promise<void>
  read<Item>(list: string): Promise<readonly Item[]>
  /** All items that are anywhere in a queue or in work. */
  open(...queues: readonly string[]): Promise<number>
  /** Lets time pass until the services have stopped. */
  drain(...services: readonly Service[]): Promise<void>
  close(): Promise<void>
}

export async function simulatedServices({ redisPort, seed = 1 }: { redisPort: number; seed?: number }): Promise<SimulatedServices> {
  const clock = new DiscreteClock()
  const simulators = await startSimulators({
    seed,
    trackers: { hot: 10, warm: 10, cold: 10 },
    accounts: 3,
    latency: 'stated',
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    worldSpeed: 20,
    historyHours: 4,
    siblings: true,
  })
  const siblings = simulators.siblings!
  const { store, fences, nominatim, photon, gateway } = siblings.addresses
  const connections: Redis[] = []
  const connect = (): Redis => {
    const connection = discreteRedis(clock, new Redis(redisPort, '127.0.0.1'))
    connections.push(connection)
    return connection
  }
  const redis = connect()
  await redis.flushall()
  const random = seededRandom(seed)
  const environment = (connection = redis): Environment => ({
    clock,
    fetch: discreteFetch(clock),
    redis: connection,
    random: () => random.next(),
    log: () => {},
  })
  const common = { IDLE_POLL_MS: '10000', OUTAGE_PAUSE_MS: '10000', DRAIN_MS: String(5 * MINUTE) }

  return {
    clock,
    simulators,
    siblings,
    redis,
    create: {
      fetcher: (env, connection) =>
        createFetcher(
          fetcherConfig({
            ...common,
            APPLE_URL: simulators.apple,
            ANISETTE_URL: simulators.anisette,
            APPLE_ACCOUNTS: JSON.stringify(simulators.accounts),
            FLEET_SECRET: simulators.fleetSecret,
            TRACKER_COUNT: '10,10,10',
            BATCH_SIZE: '6',
            POLL_MIN_MS: String(MINUTE),
            POLL_MAX_MS: String(2 * MINUTE),
            ACCOUNT_INTERVAL_MS: '10000',
            REPORTS_QUEUE: 'location:reports',
            ...env,
          }),
          environment(connection),
        ),
      aggregator: (env, connection) =>
        createLocationAggregator(aggregatorConfig({ ...common, STORE_URL: store, ...env }), environment(connection)),
      geofence: (env, connection) =>
        createRealtimeGeofence(geofenceConfig({ ...common, FENCES_URL: fences, ...env }), environment(connection)),
      notification: (env, connection) =>
        createNotification(notificationConfig({ ...common, GATEWAY_URL: gateway, ...env }), environment(connection)),
      geocoding: (env, connection) =>
        createGeocoding(geocodingConfig({ ...common, NOMINATIM_URL: nominatim, PHOTON_URL: photon, ...env }), environment(connection)),
    },
    dyingRedis(answers) {
      const connection = connect()
      const send = connection.sendCommand.bind(connection)
      let left = answers
      connection.sendCommand = (command, stream) => {
        command.promise.then(
          () => void (--left === 0 && connection.disconnect()),
          () => {},
        )
        return send(command, stream)
      }
      return connection
    },
    async push(list, items) {
      await redis.rpush(list, ...items.map((item) => JSON.stringify(item)))
    },
    async read<Item>(list: string) {
      return (await redis.lrange(list, 0, -1)).map((json) => JSON.parse(json) as Item)
    },
    async open(...queues) {
      const lengths = await Promise.all(queues.flatMap((queue) => [redis.llen(queue), redis.llen(`${queue}:in-work:1`)]))
      return lengths.reduce((sum, length) => sum + length, 0)
    },
    async drain(...services) {
      const drained = Promise.all(services.map((service) => service.drain()))
      await clock.run(10 * MINUTE, drained)
      await drained
    },
    async close() {
      for (const connection of connections) connection.disconnect()
      await simulators.stop()
    },
  }
}
