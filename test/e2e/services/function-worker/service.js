import { createClient } from 'redis'

import { handlerOf, resize } from './jobs.js'

const STREAM = 'jobs'
const GROUP = 'workers'

const { REDIS_URL, ROUNDS = '4', FAIL, CRASH, STAY } = process.env
const rounds = Number(ROUNDS)
const ledger = { attempts: 0, failed: 0, events: 0 }
const redis = createClient({ url: REDIS_URL })

/** Four jobs a round; one picture in eight is empty, and nothing is any good when FAIL is set. */
function job(n) {
  const kind = n % 2 === 0 ? 'deliver' : 'resize'
  if (kind === 'deliver') return { kind, to: FAIL ? '' : 'a,b'.slice(0, n % 4 === 0 ? 1 : 3) }
  return { kind, picture: FAIL || n % 8 === 5 ? '' : `picture-${n}`, width: '10' }
}

async function ask() {
  await redis.xGroupCreate(STREAM, GROUP, '0', { MKSTREAM: true })
  for (let n = 1; n <= 4 * rounds + 2; n++) await redis.xAdd(STREAM, '*', job(n))
}

/** What fails is not acknowledged: somebody has to look at it. */
async function round(number) {
  const [{ messages }] = await redis.xReadGroup(GROUP, 'one', { key: STREAM, id: '>' }, { COUNT: 4 })
  const results = []
  for (const { id, message } of messages) {
    ledger.attempts++
    try {
      const result = await handlerOf(message.kind)(message)
      if (result.delivered === false) throw new Error(`refused with ${result.reason}`)
      ledger.events += result.copies ?? 0
      await redis.xAck(STREAM, GROUP, id)
      results.push(`${message.kind} ${result.bytes ?? result.copies}`)
    } catch (error) {
      ledger.failed++
      results.push(`${message.kind} ${error.message}`)
    }
  }
  await redis.rPush('done', `round ${number}`)
  console.log(`round ${number}: ${results.join(', ')}`)
}

async function finish() {
  const { pending } = await redis.xPending(STREAM, GROUP)
  const [{ lag }] = await redis.xInfoGroups(STREAM)
  console.log(JSON.stringify({ ...ledger, due: { jobs: lag, done: await redis.lLen('done') }, leased: { jobs: pending } }))
}

function crash() {
  if (CRASH === 'throw') setImmediate(() => handlerOf('shred'))
  if (CRASH === 'reject') void resize({ picture: '' })
  if (CRASH === 'exit3') process.exit(3)
  if (CRASH.startsWith('sigterm')) process.kill(process.pid, 'SIGTERM')
}

if (CRASH === 'sigterm') {
  process.on('SIGTERM', async () => {
    console.log('asked to stop')
    await finish()
    redis.destroy()
    process.exitCode = 143
  })
}
await redis.connect()
await ask()
console.log('worker started')
for (let number = 1; number <= rounds; number++) await round(number)
if (CRASH) crash()
else {
  await finish()
  if (STAY) await new Promise((resolve) => process.once('SIGTERM', resolve))
  await redis.close()
}
