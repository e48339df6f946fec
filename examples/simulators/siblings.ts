/** The simulators at the ends of the services beside the tracker fetcher. */
import { CallLedger, type CallSummary } from './call-ledger.ts'
import { fencesServer } from './fences-server.ts'
import type { FaultName, FaultSettings, ProviderName } from './fault-catalogue.ts'
import type { Faults } from './faults.ts'
import { gatewayServer, type GatewayBook } from './gateway-server.ts'
import { geocoderServer } from './geocoder-server.ts'
import type { LoopbackServer } from './loopback-server.ts'
import { seededRandom } from './random.ts'
import type { SiblingTraffic } from './sibling-server.ts'
import { storeServer, type StoredPositions } from './store-server.ts'

const NAMES = ['store', 'fences', 'nominatim', 'photon', 'gateway'] as const
export type SiblingName = (typeof NAMES)[number]

/** What the ledgers of these simulators hold. */
export interface SiblingSummary {
  readonly store: CallSummary & { readonly positions: StoredPositions }
  readonly fences: CallSummary
  readonly geocoder: CallSummary
  readonly gateway: CallSummary & GatewayBook
}

export interface Siblings {
  /** Base URLs. */
  readonly addresses: Readonly<Record<SiblingName, string>>
  readonly ledgers: Readonly<Record<keyof SiblingSummary, CallLedger>>
  summary(): SiblingSummary
}

export interface SiblingServers extends Siblings {
  readonly servers: readonly LoopbackServer[]
  /** Does what is more than an answer. */
  switched(name: FaultName, on: boolean, settings: FaultSettings | undefined): Promise<void>
}

export function siblingServers(options: {
  seed: number
  traffic: Omit<SiblingTraffic, 'random'>
  faults: Faults
  host: string | undefined
  ports: Partial<Record<SiblingName, number>>
}): SiblingServers {
  const { seed, faults, host, ports } = options
  const traffic: SiblingTraffic = { ...options.traffic, random: seededRandom(seed, 'sibling latency') }
  const at = (name: SiblingName) => ({ host, port: ports[name] })
  const geocoderLedger = new CallLedger()
  const geocoder = (provider: ProviderName) =>
    geocoderServer(traffic, faults, { provider, ledger: geocoderLedger, address: at(provider) }).server
  const store = storeServer(traffic, faults, at('store'))
  const fences = fencesServer(traffic, faults, at('fences'))
  const gateway = gatewayServer(traffic, faults, seededRandom(seed, 'receipts'), at('gateway'))
  const servers: Readonly<Record<SiblingName, LoopbackServer>> = {
    store: store.server,
    fences: fences.server,
    nominatim: geocoder('nominatim'),
    photon: geocoder('photon'),
    gateway: gateway.server,
  }
  const reach = async (server: LoopbackServer, closed: boolean): Promise<void> => (closed ? server.close() : server.open())

  return {
    servers: Object.values(servers),
    get addresses() {
      return Object.fromEntries(NAMES.map((name) => [name, servers[name].url])) as Record<SiblingName, string>
    },
    ledgers: { store: store.ledger, fences: fences.ledger, geocoder: geocoderLedger, gateway: gateway.ledger },
    summary: () =>
      structuredClone({
        store: { ...store.ledger.summary(), positions: store.positions },
        fences: fences.ledger.summary(),
        geocoder: geocoderLedger.summary(),
        gateway: { ...gateway.ledger.summary(), ...gateway.book },
      }),
    async switched(name, on, settings) {
      if (name === 'gateway.down') await reach(servers.gateway, on)
      if (name !== 'geocoder.down') return
      for (const provider of ['nominatim', 'photon'] as const) {
        if (settings?.provider === undefined || settings.provider === provider) await reach(servers[provider], on)
      }
    },
  }
}
