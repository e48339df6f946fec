import { createClient } from 'redis'

import { deliver } from './deliver.js'

const { REDIS_URL, GATEWAY_URL, STAY } = process.env
const redis = await createClient({ url: REDIS_URL }).connect()
const ledger = { calls: {}, deliveries: {}, retries: {}, deadLetters: {} }
const count = (of, key) => (ledger[of][key] = (ledger[of][key] ?? 0) + 1)

for (let job; (job = await redis.lPop('outbox'));) {
  const notification = JSON.parse(job)
  const { is, because } = await deliver({ redis, gateway: GATEWAY_URL, count }, notification)
  if (is !== 'put off') count('deliveries', `${notification.channel} ${is}${because ? ` ${because}` : ''}`)
}
console.log(JSON.stringify({ ...ledger, due: { outbox: await redis.lLen('outbox'), dead: await redis.lLen('dead') } }))
if (STAY) await new Promise((resolve) => process.once('SIGTERM', resolve))
await redis.close()
