'use strict'

const { Redis } = require('ioredis')
const { aggregate } = require('./aggregate.cjs')

const redis = new Redis(process.env.REDIS_URL)
const ledger = { attempts: { ok: 0, failed: {} }, batches: 0, reports: { merged: 0, duplicate: 0, implausible: 0 }, lagMs: 0 }

function next() {
  void redis.llen('reports', (_error, left) => {
    if (left >= 5) void redis.lpop('reports', 5, batch)
    else finish(left)
  })
}

function batch(_error, jobs) {
  aggregate(
    redis,
    jobs.map((job) => JSON.parse(job)),
    (refusal, result) => {
      if (refusal) {
        ledger.attempts.failed[refusal.code] = (ledger.attempts.failed[refusal.code] ?? 0) + 1
        return redis.rpush('refused', ...jobs, next)
      }
      ledger.batches++
      for (const [outcome, count] of Object.entries(result.counts)) {
        ledger.attempts.ok += count
        ledger.reports[outcome] += count
      }
      ledger.lagMs = result.lagMs
      next()
    },
  )
}

function finish(reports) {
  void redis.llen('refused', (_error, refused) => console.log(JSON.stringify({ ...ledger, due: { reports, refused } })))
  if (process.env.STAY) process.once('SIGTERM', () => redis.quit())
  else void redis.quit()
}

next()
