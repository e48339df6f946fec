import { Redis } from 'ioredis'

import { Aggregator } from './aggregator.js'

const redis = new Redis(process.env.REDIS_URL)
const aggregator = new Aggregator()
const ledger = { attempts: { ok: 0, failed: {} }, batches: 0, reports: { merged: 0, duplicate: 0, implausible: 0 }, lagMs: 0 }

// Fewer than five wait for others.
while ((await redis.llen('reports')) >= 5) {
  const jobs = await redis.lpop('reports', 5)
  try {
    const { received, merged, duplicates, implausible, lagMs } = await aggregator.aggregate(jobs.map((job) => JSON.parse(job)))
    ledger.batches++
    ledger.attempts.ok += received
    ledger.reports.merged += merged
    ledger.reports.duplicate += duplicates
    ledger.reports.implausible += implausible
    ledger.lagMs = lagMs
  } catch ({ code }) {
    ledger.attempts.failed[code] = (ledger.attempts.failed[code] ?? 0) + 1
    await redis.rpush('refused', ...jobs)
  }
}
console.log(JSON.stringify({ ...ledger, due: { reports: await redis.llen('reports'), refused: await redis.llen('refused') } }))
if (process.env.STAY) await new Promise((resolve) => process.once('SIGTERM', resolve))
await redis.quit()
