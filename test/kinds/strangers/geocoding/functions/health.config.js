const inModule = (name, records, more) => ({ module: './geocode.cjs', function: name, records, ...more })

export default {
  profile: 'geocoding',
  methods: [
    inModule('geocode', 'attempt'),
    inModule('findCached', 'lookup', { result: ([state]) => ({ result: state }) }),
    inModule('askNominatim', 'api_call', { upstream: 'nominatim' }),
    inModule('askPhoton', 'api_call', { upstream: 'photon' }),
    inModule('remainingQuota', 'quota', { result: (quota) => quota && { provider: 'photon', used: quota[0], limit: quota[1] } }),
  ],
  quotas: { nominatim: { requests: 80, per: 'day' } },
  queues: { positions: { key: 'positions', type: 'list' }, unplaced: { key: 'unplaced', type: 'list' } },
  rules: { failing_provider: { for: 0, plain: true }, rate_limited: { for: 0, plain: true }, low_cache_hit_rate: { for: 0, plain: true } },
}
