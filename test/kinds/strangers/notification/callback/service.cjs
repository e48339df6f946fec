'use strict'

const { Redis } = require('ioredis5')
const { Sender } = require('./sender.cjs')

const redis = new Redis(process.env.REDIS_URL)
const sender = new Sender(redis, process.env.GATEWAY_URL)

function next() {
  void redis.lpop('outbox', (_error, job) => {
    if (job) sender.send(JSON.parse(job), next)
    else finish()
  })
}

function finish() {
  void redis.llen('dead', (_error, dead) => console.log(JSON.stringify({ ...sender.ledger, due: { outbox: 0, dead } })))
  if (process.env.STAY) process.once('SIGTERM', () => redis.quit())
  else void redis.quit()
}

next()
