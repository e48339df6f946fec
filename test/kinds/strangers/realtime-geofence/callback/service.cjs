'use strict'

const { Redis } = require('ioredis')
const { Watcher, fencesOf } = require('./watcher.cjs')

const redis = new Redis(process.env.REDIS_URL)
const ledger = { attempts: { ok: 0, failed: {} }, reports: {}, events: {} }

function count(counts, key) {
  counts[key] = (counts[key] ?? 0) + 1
}

function work(watcher) {
  void redis.lpop('reports', (_error, job) => {
    if (job === null) return finish(watcher.fences.length)
    watcher.holdAgainst(JSON.parse(job), (error, found) => {
      if (error) {
        count(ledger.attempts.failed, error.code)
        return work(watcher)
      }
      ledger.attempts.ok++
      count(ledger.reports, found.order)
      const moves = found.moves ?? []
      for (const move of moves) count(ledger.events, move)
      if (moves.length === 0) return work(watcher)
      void redis.rpush('events', ...moves, () => work(watcher))
    })
  })
}

function finish(active) {
  void redis.llen('reports', (_error, reports) => {
    void redis.llen('events', (_failed, events) => {
      console.log(JSON.stringify({ ...ledger, active, due: { reports, events } }))
      if (process.env.STAY) process.once('SIGTERM', () => redis.quit())
      else void redis.quit()
    })
  })
}

fencesOf(redis, (error, fences) => {
  if (error) throw error
  work(new Watcher(redis, fences))
})
