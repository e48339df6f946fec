import { startValkey } from '../../examples/valkey/start-valkey.ts'
import { redisContract } from './redis.ts'

redisContract('embedded Valkey', async () => ({ host: '127.0.0.1', ...(await startValkey()) }))

/** `host:port` of a server that may be emptied and reconfigured. */
const given = process.env['OTEL_HEALTH_TEST_REDIS']
if (given) {
  const [host = '', port = ''] = given.split(':')
  redisContract(`Redis at ${given}`, async () => ({ host, port: Number(port), stop: async () => {} }))
}
