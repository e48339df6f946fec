import { type CallCounts } from '../service/call-counts.ts'
import type { Environment } from '../service/environment.ts'
import { Loops } from '../service/loops.ts'
import { LISTS, type PlaceRequest } from '../service/pipeline.ts'
import type { Service } from '../service/service.ts'
import { commit } from '../service/transaction.ts'
import { WorkQueue } from '../service/work-queue.ts'
import type { Config } from './config.ts'
import { Geocoder, NoProviderError } from './geocoder.ts'
import { PlaceCache, type CacheState } from './place-cache.ts'
import { Provider, type ProviderName } from './provider.ts'

export interface GeocodingCounts {
  readonly resolved: number
  /** Requests that were dropped, because no provider answered. */
  readonly dropped: number
  /** Requests by what the cache had. */
  readonly cache: Readonly<Record<CacheState, number>>
  /** Stale places that stayed so, because no provider answered. */
  readonly refreshesFailed: number
  readonly providerCalls: Readonly<Record<ProviderName, CallCounts>>
}

export interface Geocoding extends Service {
  counts(): GeocodingCounts
}

/** Puts the service together from its configuration and the world it lives in. */
export function createGeocoding(config: Config, { clock, fetch, redis, log }: Environment): Geocoding {
  const loops = new Loops({ clock, log, drainMs: config.drainMs })
  const transport = { fetch, clock, giveUp: loops.giveUp }
  const nominatim = new Provider('nominatim', transport, config.nominatimUrl, config.providerTimeoutMs)
  const photon = new Provider('photon', transport, config.photonUrl, config.providerTimeoutMs)
  const requests = new WorkQueue<PlaceRequest>(redis, LISTS.placeRequests, config.instance)
  const cache = new PlaceCache({ redis, clock, freshMs: config.freshMs, staleMs: config.staleMs })
  const counts = { resolved: 0, dropped: 0, refreshesFailed: 0 }
  const geocoder = new Geocoder({
    cache,
    providers: [nominatim, photon],
    alongside: (refresh) => loops.alongside(refresh),
    refreshFailed(error) {
      log('refresh', { error: String(error) })
      counts.refreshesFailed++
    },
  })

  const resolve = async (request: PlaceRequest): Promise<void> => {
    let outcome: 'resolved' | 'dropped' = 'resolved'
    try {
      await geocoder.resolve(request)
    } catch (error) {
      if (!(error instanceof NoProviderError)) throw error
      log('resolve', { tracker: request.trackerId, error: error.message })
      outcome = 'dropped'
    }
    await commit(requests.finish())
    counts[outcome]++
  }

  return {
    async start() {
      const pauses = { idleMs: config.idlePollMs, failedMs: config.outagePauseMs }
      loops.repeat('resolve', pauses, () => requests.work(1, async ([request]) => resolve(request!)))
    },
    drain: () => loops.end(),
    counts: () =>
      structuredClone({
        ...counts,
        cache: cache.lookups(),
        providerCalls: { nominatim: nominatim.calls(), photon: photon.calls() },
      }),
  }
}
