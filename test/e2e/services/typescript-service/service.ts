import { Redis } from 'ioredis'

import { Geocoder } from './geocoder.ts'
import { remember } from './history.ts'

const { REDIS_URL = 'redis://localhost:6379', UPSTREAM_URL, ROUNDS = '4', FAIL, CRASH, STAY } = process.env
const rounds = Number(ROUNDS)

interface Tally {
  attempts: number
  failed: number
}

const ledger = { ...tally(), normalise: tally(), lookup: tally(), job: tally(), reports: 0, events: 0 }
const redis = new Redis(REDIS_URL, { maxRetriesPerRequest: 3 })
const { lookup } = new Geocoder(FAIL ? `${UPSTREAM_URL}/failing` : `${UPSTREAM_URL}`)

function tally(): Tally {
  return { attempts: 0, failed: 0 }
}

function count(of: Tally, success: boolean): void {
  for (const each of [of, ledger]) {
    each.attempts++
    if (!success) each.failed++
  }
}

/** Three addresses a round, one of six is none, and two that are left over. */
async function ask(): Promise<void> {
  for (let n = 1; n <= 3 * rounds + 2; n++) {
    const address = n % 6 === 4 ? String(n) : `Street ${'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[n % 26]}, Old Town ${n}`
    await redis.rpush('addresses', address)
  }
  await redis.sadd('later', 'north', 'south')
}

async function work(address: string): Promise<string> {
  let normalised
  try {
    normalised = Geocoder.normalise(address)
    count(ledger.normalise, true)
  } catch (error) {
    count(ledger.normalise, false)
    return (error as RangeError).message
  }
  const answer = await lookup(normalised)
  count(ledger.lookup, answer.found)
  if (answer.found) ledger.reports += answer.places.length
  const { remembered, places } = await remember(redis, { address: normalised, answer })
  count(ledger.job, remembered)
  ledger.events += places
  return `${normalised} ${answer.found ? answer.places.length : answer.status}`
}

async function round(number: number): Promise<void> {
  const results: string[] = []
  for (let n = 0; n < 3; n++) results.push(await work((await redis.lpop('addresses')) ?? ''))
  console.log(`round ${number}: ${results.join(', ')}`)
}

async function finish(): Promise<void> {
  const due = { addresses: await redis.llen('addresses'), later: await redis.scard('later') }
  console.log(JSON.stringify({ ...ledger, due }))
}

function crash(): void {
  if (CRASH === 'throw') setImmediate(() => new Geocoder('nowhere'))
  // By a function that health.config names.
  if (CRASH === 'throw-watched') setImmediate(() => Geocoder.normalise('12'))
  if (CRASH === 'reject') void lookup('nowhere%')
  if (CRASH === 'exit3') process.exit(3)
  if (CRASH?.startsWith('sigterm')) process.kill(process.pid, 'SIGTERM')
}

if (CRASH === 'sigterm') {
  process.once('SIGTERM', () => {
    console.log('asked to stop')
    void finish().then(() => process.exit(0))
  })
}
await ask()
console.log('geocoder started')
for (let number = 1; number <= rounds; number++) await round(number)
if (CRASH) crash()
else {
  await finish()
  if (STAY) await new Promise<void>((resolve) => void process.once('SIGTERM', () => resolve()))
  await redis.quit()
}
