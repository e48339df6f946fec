const geocoder = { module: './geocoder.js', callback: true }
const provider = { module: './providers.js', callback: true, records: 'api_call' }

export default {
  profile: 'geocoding',
  methods: [
    { ...geocoder, function: 'geocode', records: 'attempt' },
    { ...geocoder, function: 'lookUp', records: 'lookup' },
    { ...provider, function: 'nominatim' },
    { ...provider, function: 'photon' },
    { module: './geocoder.js', function: 'usage', records: 'quota' },
  ],
  quotas: { nominatim: { requests: 80, per: 'day' } },
  queues: { positions: { key: 'positions', type: 'list' }, unplaced: { key: 'unplaced', type: 'list' } },
  rules: { failing_provider: { for: 0, plain: true }, rate_limited: { for: 0, plain: true }, low_cache_hit_rate: { for: 0, plain: true } },
}
