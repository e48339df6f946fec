import type { Looked } from './geocoder.ts'

const geocoder = { module: './geocoder.ts', class: 'Geocoder' }
const hostOf = (url: string | undefined) => new URL(url ?? 'http://localhost').host

export default {
  profile: 'geocoding',
  methods: [
    { ...geocoder, method: 'geocode', records: 'attempt' },
    { ...geocoder, method: 'lookup', records: 'lookup', result: ({ state }: Looked) => ({ result: state }) },
    // Undefined where a provider does not say: then there is nothing to record.
    { ...geocoder, method: 'quotaOf', records: 'quota', result: <Q>(quota: Q): Q => quota },
  ],
  upstreams: { nominatim: { host: hostOf(process.env['NOMINATIM_URL']) }, photon: { host: hostOf(process.env['PHOTON_URL']) } },
  quotas: { nominatim: { requests: 80, per: 'day' } },
  queues: { positions: { key: 'positions', type: 'list' }, unplaced: { key: 'unplaced', type: 'list' } },
  rules: { failing_provider: { for: 0, plain: true }, rate_limited: { for: 0, plain: true }, low_cache_hit_rate: { for: 0, plain: true } },
}
