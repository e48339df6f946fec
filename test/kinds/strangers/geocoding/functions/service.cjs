'use strict'

const { createClient } = require('redis')
const { geocode, ledger, count } = require('./geocode.cjs')

async function main() {
  const redis = createClient({ url: process.env.REDIS_URL })
  await redis.connect()
  for (let job; (job = await redis.lPop('positions')) !== null;) {
    try {
      await geocode(redis, JSON.parse(job))
      ledger.attempts.ok++
    } catch (error) {
      count(ledger.attempts.failed, error.status)
      await redis.rPush('unplaced', job)
    }
  }
  const due = { positions: await redis.lLen('positions'), unplaced: await redis.lLen('unplaced') }
  console.log(JSON.stringify({ ...ledger, due }))
  if (process.env.STAY) await new Promise((resolve) => process.once('SIGTERM', resolve))
  await redis.close()
}

void main()
