import { expect, test } from 'vitest'

import { unusableEndpoint } from '../../src/export/otlp-settings.ts'

const GENERAL = 'OTEL_EXPORTER_OTLP_ENDPOINT'
const METRICS = 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'

test.for([
  { why: 'none is given', env: {}, named: undefined, as: undefined },
  { why: 'blanks are none', env: { [GENERAL]: ' ' }, named: undefined, as: undefined },
  { why: 'a URL', env: { [GENERAL]: 'http://collector:4318' }, named: undefined, as: undefined },
  { why: 'a URL with blanks around it', env: { [GENERAL]: ' https://collector\n' }, named: undefined, as: undefined },
  { why: 'a name without its scheme', env: { [GENERAL]: 'collector:4318' }, named: GENERAL, as: 'http://localhost:4318.' },
  { why: 'an address without its scheme', env: { [GENERAL]: '127.0.0.1:4318' }, named: GENERAL, as: 'http://localhost:4318.' },
  { why: 'the scheme of gRPC', env: { [GENERAL]: 'grpc://collector:4317' }, named: GENERAL, as: 'http://localhost:4318.' },
  {
    why: 'that of metrics alone counts, with its path',
    env: { [GENERAL]: 'http://collector:4318', [METRICS]: 'collector/v1/metrics' },
    named: METRICS,
    as: 'http://localhost:4318/v1/metrics.',
  },
])('the endpoint of OTLP: $why', ({ env, named, as }) => {
  expect(unusableEndpoint(env)).toEqual(
    named === undefined
      ? undefined
      : { message: `${named} is no URL of http or https`, mend: `Write it with its scheme, as in ${named}=${as}` },
  )
})
