import type { CallLedger } from './call-ledger.ts'
import type { ProviderName } from './fault-catalogue.ts'
import type { Faults } from './faults.ts'
import { json, type Address } from './loopback-server.ts'
import { refused, siblingServer, SLOW_MS, type SiblingReply, type SiblingServer, type SiblingTraffic } from './sibling-server.ts'
import type { Incoming } from './timed-server.ts'

const DEFAULT_RETRY_AFTER_S = 60

/** How each says what it found. */
const ANSWERS: Readonly<Record<ProviderName, (name: string) => object>> = {
  nominatim: (name) => ({ display_name: name }),
  photon: (name) => ({ features: [{ properties: { name } }] }),
}

/** `GET /reverse?lat=…&lon=…` of one provider. Both providers keep one ledger. */
export function geocoderServer(
  traffic: SiblingTraffic,
  faults: Faults,
  { provider, ledger, address }: { provider: ProviderName; ledger: CallLedger; address: Address },
): SiblingServer {
  const reply = ({ request, probe }: Incoming): SiblingReply => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://geocoder')
    if (request.method !== 'GET' || pathname !== '/reverse') return refused(provider, 404)
    const met = faults.pick(['geocoder.500', 'geocoder.429', 'geocoder.slow'], { probe, provider })
    if (met?.name === 'geocoder.500') return refused(provider, 500, met.name)
    if (met?.name === 'geocoder.429') {
      return refused(provider, 429, met.name, { 'retry-after': String(met.settings.retry_after_s ?? DEFAULT_RETRY_AFTER_S) })
    }
    const answer = json(ANSWERS[provider](`near ${searchParams.get('lat')}, ${searchParams.get('lon')}`))
    return { to: provider, answer, ...(met && { fault: met.name, delayMs: met.settings.delay_ms ?? SLOW_MS }) }
  }
  return siblingServer(traffic, 120, address, reply, ledger)
}
