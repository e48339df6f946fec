import { createClient } from 'redis'

import { merge } from './merge.js'

const redis = await createClient({ url: process.env.REDIS_URL }).connect()
const ledger = { attempts: { ok: 0, failed: {} }, batches: 0, reports: { merged: 0, duplicate: 0, implausible: 0 }, lagMs: 0 }

async function store(reports) {
  for (const { tracker, x } of reports) {
    if (tracker === 'refused') throw Object.assign(new Error('nobody knows that tracker'), { status: 'conflict' })
    await redis.hSet('positions', tracker, String(x))
  }
}

// A batch is five: what is left waits.
for (let left = await redis.lLen('reports'); left >= 5; left -= 5) {
  const jobs = await redis.lPopCount('reports', 5)
  try {
    const { kept, twice, absurd, behind } = await merge(
      jobs.map((job) => JSON.parse(job)),
      store,
    )
    ledger.batches++
    ledger.attempts.ok += kept.length + twice.length + absurd.length
    ledger.reports.merged += kept.length
    ledger.reports.duplicate += twice.length
    ledger.reports.implausible += absurd.length
    ledger.lagMs = behind
  } catch (error) {
    ledger.attempts.failed[error.status] = 1 + (ledger.attempts.failed[error.status] ?? 0)
    await redis.rPush('refused', jobs)
  }
}
console.log(JSON.stringify({ ...ledger, due: { reports: await redis.lLen('reports'), refused: await redis.lLen('refused') } }))
if (process.env.STAY) await new Promise((resolve) => process.once('SIGTERM', resolve))
await redis.close()
