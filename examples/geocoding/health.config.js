// What otel-health needs to know of this service; the service knows nothing of otel-health.

const hostOf = (url) => (URL.canParse(url ?? '') ? new URL(url).host : 'localhost')

export default {
  profile: 'geocoding',
  dependsOn: ['location_aggregator', 'redis'],
  methods: [
    { module: './geocoder.ts', class: 'Geocoder', method: 'resolve', records: 'attempt', name: 'geocode' },
    { module: './place-cache.ts', class: 'PlaceCache', method: 'get', records: 'lookup', result: ({ state }) => ({ result: state }) },
  ],
  upstreams: {
    nominatim: { host: hostOf(process.env.NOMINATIM_URL) },
    photon: { host: hostOf(process.env.PHOTON_URL) },
  },
  queues: { requests: { key: 'geocode:requests', type: 'list' } },
  quotas: { nominatim: { requests: Number(process.env.NOMINATIM_QUOTA || 100_000), per: process.env.NOMINATIM_QUOTA_PER || 'day' } },
}
