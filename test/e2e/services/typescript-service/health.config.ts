import type { Answer } from './geocoder.ts'
import type { Remembered } from './history.ts'

export default {
  methods: [
    { module: './geocoder.ts', class: 'Geocoder', method: 'normalise', records: 'attempt' },
    {
      module: './geocoder.ts',
      class: 'Geocoder',
      method: 'lookup',
      records: 'attempt',
      success: (answer: Answer) => answer.found,
      reportsFound: 'places',
      errorType: 'status',
    },
  ],
  channels: [
    {
      channel: 'typescript-service:job',
      name: 'job',
      records: 'attempt',
      success: (result: Remembered) => result.remembered,
      events: 'places',
    },
  ],
  upstreams: { places: { host: new URL(process.env['UPSTREAM_URL'] ?? 'http://localhost:8080').host } },
  queues: {
    addresses: { key: 'addresses', type: 'list' },
    later: { key: 'later', type: 'set' },
  },
  rules: { low_success_rate: { for: 0, plain: true } },
}
