import { Redis } from 'ioredis'

import { Notifier } from './notifier.js'

const redis = new Redis(process.env.REDIS_URL)
redis.on('error', () => {})
const notifier = new Notifier(redis, process.env.GATEWAY_URL)
let running = true
process.once('SIGTERM', () => {
  running = false
  redis.disconnect()
})

/** Says what was done so far, and waits for more. */
async function idle() {
  const { calls, deliveries, retries, deadLetters } = notifier
  console.log(JSON.stringify({ calls, deliveries, retries, deadLetters, due: { outbox: 0, dead: await redis.llen('dead') } }))
  if (process.env.STAY) return (await redis.blpop('outbox', 0))[1]
  running = false
  return redis.disconnect()
}

while (running) {
  try {
    const job = (await redis.lpop('outbox')) ?? (await idle())
    if (job) await notifier.deliver(JSON.parse(job))
  } catch (error) {
    if (running) console.error(error.message)
  }
}
