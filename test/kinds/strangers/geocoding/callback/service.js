import { Redis } from 'ioredis5'

import { count, geocode, ledger } from './geocoder.js'

const redis = new Redis(process.env.REDIS_URL)

function next() {
  void redis.lpop('positions', (_error, job) => {
    if (!job) return void finish()
    geocode(redis, JSON.parse(job), (error) => {
      if (!error) {
        ledger.attempts.ok++
        return next()
      }
      count(ledger.attempts.failed, error.statusCode)
      void redis.rpush('unplaced', job, next)
    })
  })
}

async function finish() {
  console.log(JSON.stringify({ ...ledger, due: { positions: await redis.llen('positions'), unplaced: await redis.llen('unplaced') } }))
  if (process.env.STAY) process.once('SIGTERM', () => redis.quit())
  else await redis.quit()
}

next()
