import { Redis } from 'ioredis'

import { GeofenceEngine } from './engine.js'

const redis = new Redis(process.env.REDIS_URL)
const engine = new GeofenceEngine(redis)
const ledger = {
  attempts: { ok: 0, failed: {} },
  reports: { in_order: 0, late: 0, out_of_order: 0 },
  events: { enter: 0, exit: 0, dwell: 0 },
}

const { active } = await engine.load()
for (let job; (job = await redis.lpop('reports')) !== null;) {
  const report = JSON.parse(job)
  try {
    const { timing, events } = engine.evaluate(report)
    ledger.attempts.ok++
    ledger.reports[timing]++
    for (const { transition } of events) {
      ledger.events[transition]++
      await redis.rpush('events', `${report.tracker} ${transition}`)
    }
  } catch (error) {
    ledger.attempts.failed[error.code] = (ledger.attempts.failed[error.code] ?? 0) + 1
  }
}
console.log(JSON.stringify({ ...ledger, active, due: { reports: await redis.llen('reports'), events: await redis.llen('events') } }))
if (process.env.STAY) await new Promise((resolve) => process.once('SIGTERM', resolve))
await redis.quit()
