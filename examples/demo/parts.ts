/** What runs around the services, as the demo lists it. */
import type { RedisTarget } from '../../src/wire/redis-client.ts'
import type { OtlpReceiver } from './otlp-receiver.ts'
import type { Simulators } from './services.ts'

/** Something that runs, with where it is reached. */
export interface Part {
  readonly name: string
  readonly address: string
  readonly detail?: string
  /** One of the servers that the services call. */
  readonly simulated?: true
}

export interface Around {
  /** Whose queues are in the embedded Valkey. */
  readonly owner: string
  /** The embedded one, if it is used. */
  readonly valkey: { readonly port: number; readonly pid: number } | undefined
  /** A health Redis that was there already. */
  readonly healthRedis: RedisTarget | undefined
  readonly panel: { readonly url: string; readonly pid: number }
  readonly simulators: Simulators & { readonly pid: number }
  /** The receiver of the demo, or the endpoint that is used in its place. */
  readonly otlp: OtlpReceiver | string
}

const SIMULATED = [
  ['Apple', 'apple'],
  ['anisette', 'anisette'],
  ['store', 'store'],
  ['fences', 'fences'],
  ['nominatim', 'nominatim'],
  ['photon', 'photon'],
  ['gateway', 'gateway'],
] as const

export function partsAround({ owner, valkey, healthRedis, panel, simulators, otlp }: Around): readonly Part[] {
  const holds = healthRedis ? `the queues of ${owner}` : `the queues of ${owner}, and the health channels`
  return [
    { name: 'panel', address: panel.url, detail: `pid ${panel.pid}, otel-health panel: open it in a browser` },
    ...(valkey ? [{ name: 'Valkey', address: `127.0.0.1:${valkey.port}`, detail: `pid ${valkey.pid}, ${holds}` }] : []),
    ...(healthRedis ? [{ name: 'health Redis', address: `${healthRedis.host}:${healthRedis.port}`, detail: 'HEALTH_REDIS_HOST' }] : []),
    ...SIMULATED.flatMap(([name, key]) => {
      const address = simulators[key]
      return address === undefined ? [] : [{ name, address, detail: `pid ${simulators.pid}, simulated`, simulated: true as const }]
    }),
    { name: 'control', address: simulators.control, detail: `GET /faults, PUT and DELETE /faults/<name>, GET /ledger` },
    typeof otlp === 'string'
      ? { name: 'OTLP', address: URL.canParse(otlp) ? new URL(otlp).origin : otlp, detail: 'OTEL_EXPORTER_OTLP_ENDPOINT' }
      : { name: 'OTLP receiver', address: otlp.url },
  ]
}
