import { CACHE_LOOKUPS, CACHE_RESULT } from '../../../../src/kinds/geocoding/metrics.ts'
import { figures, sum, total, type Figure } from '../../figures.ts'
import type { Books, Telemetry } from './books.ts'
import { attempts, calls, counted } from './work.ts'

export function geocodingBooks({ counts, siblings, left }: Books, telemetry: Telemetry): readonly Figure[] {
  const { resolved, dropped, cache, providerCalls } = counts.geocoding
  return [
    ...figures('lookups', { truth: { ...cache }, ...counted(telemetry, CACHE_LOOKUPS.name, [CACHE_RESULT]) }),
    {
      what: 'places resolved or dropped, each looked up once',
      truth: resolved + dropped,
      otlp: sum(telemetry.otlp.of(CACHE_LOOKUPS.name)),
    },
    { what: 'places nobody has looked up', truth: 0, otlp: left.placeRequests },
    {
      what: 'misses, each answered by one provider',
      truth: siblings.geocoder.calls['nominatim']!['ok']! + (siblings.geocoder.calls['photon']?.['ok'] ?? 0),
      otlp: total({ ...cache }) - cache.hit - dropped,
    },
    ...attempts(telemetry, { ok: resolved, failed: dropped > 0 ? { NoProviderError: dropped } : {} }),
    ...(['nominatim', 'photon'] as const).flatMap((provider) =>
      calls(telemetry, provider, siblings.geocoder.calls[provider] ?? {}, providerCalls[provider]),
    ),
  ]
}
