import { Redis } from 'ioredis'

import { Geocoder, type Position } from './geocoder.ts'

const { REDIS_URL = '', NOMINATIM_URL = '', PHOTON_URL = '', STAY } = process.env
const redis = new Redis(REDIS_URL)
const geocoder = new Geocoder(redis, { nominatim: NOMINATIM_URL, photon: PHOTON_URL })
const attempts = { ok: 0, failed: {} as Record<string, number> }

for (let job; (job = await redis.lpop('positions')) !== null;) {
  try {
    await geocoder.geocode(JSON.parse(job) as Position)
    attempts.ok++
  } catch (error) {
    const { status } = error as { readonly status: number }
    attempts.failed[status] = (attempts.failed[status] ?? 0) + 1
    await redis.rpush('unplaced', job)
  }
}
const due = { positions: await redis.llen('positions'), unplaced: await redis.llen('unplaced') }
const { lookups, calls } = geocoder
console.log(JSON.stringify({ attempts, lookups, calls, due }))
if (STAY) await new Promise<void>((resolve) => void process.once('SIGTERM', () => resolve()))
await redis.quit()
