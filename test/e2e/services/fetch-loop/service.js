import { Redis } from 'ioredis5'

const { REDIS_URL, UPSTREAM_URL, ROUNDS = '4', FAIL, CRASH, STAY } = process.env
const feed = FAIL ? `${UPSTREAM_URL}/failing/feed` : `${UPSTREAM_URL}/feed`
const ledger = { attempts: 0, failed: 0 }
const redis = new Redis(REDIS_URL)

async function page(number) {
  ledger.attempts++
  const response = await fetch(`${feed}/${number}`)
  if (!response.ok) {
    ledger.failed++
    await response.body.cancel()
    return `page ${number} ${response.status}`
  }
  const { items } = await response.json()
  for (const item of items) await redis.rpush('inbox', item)
  return `page ${number} has ${items.length}`
}

async function finish() {
  console.log(JSON.stringify({ ...ledger, due: { inbox: await redis.llen('inbox') } }))
}

function crash() {
  if (CRASH === 'throw') {
    setTimeout(function late() {
      throw new TypeError('the feed is no feed')
    }, 1)
  }
  if (CRASH === 'reject') void fetch(`${feed}/1`, { signal: AbortSignal.abort(new Error('nobody wants it')) })
  if (CRASH === 'exit3') process.exit(3)
  if (CRASH.startsWith('sigterm')) process.kill(process.pid, 'SIGTERM')
}

if (CRASH === 'sigterm') {
  process.on('SIGTERM', () => {
    console.log('asked to stop')
    process.exit(5)
  })
}
console.log('loop started')
for (let number = 1; number <= 4 * Number(ROUNDS); number++) console.log(await page(number))
if (CRASH) crash()
else {
  await finish()
  if (STAY) await new Promise((resolve) => process.once('SIGTERM', resolve))
  await redis.quit()
}
