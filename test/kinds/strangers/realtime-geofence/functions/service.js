import { createClient } from 'redis'

import { check, readFences } from './geofence.js'

const redis = await createClient({ url: process.env.REDIS_URL }).connect()
const fences = await readFences(redis)
let [ok, bad, late, stale] = [0, 0, 0, 0]
const events = []

for (let job; (job = await redis.lPop('reports'));) {
  const report = JSON.parse(job)
  const found = await check(fences, report).catch(() => undefined)
  if (found === undefined) {
    bad++
    continue
  }
  ok++
  if (found === 'stale') stale++
  else {
    if (found.delay > 3600) late++
    for (const crossing of found.crossings) {
      events.push(crossing)
      await redis.rPush('events', JSON.stringify({ tracker: report.tracker, crossing }))
    }
  }
}

const countOf = (crossing) => events.filter((each) => each === crossing).length
console.log(
  JSON.stringify({
    attempts: { ok, failed: { bad_report: bad } },
    reports: { in_order: ok - late - stale, late, out_of_order: stale },
    events: { enter: countOf('enter'), exit: countOf('exit'), dwell: countOf('dwell') },
    active: fences.length,
    due: { reports: await redis.lLen('reports'), events: await redis.lLen('events') },
  }),
)
if (process.env.STAY) await new Promise((resolve) => process.once('SIGTERM', resolve))
await redis.close()
