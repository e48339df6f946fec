'use strict'

const { Fetcher } = require('./fetcher.js')

const { REDIS_URL, UPSTREAM_URL, ROUNDS = '4', FAIL, CRASH, STAY } = process.env
const ledger = { attempts: 0, failed: 0, reports: 0, events: 0 }
const fetcher = new Fetcher({ redisUrl: REDIS_URL, upstreamUrl: FAIL ? `${UPSTREAM_URL}/failing` : UPSTREAM_URL })

async function round(number) {
  const results = []
  for (const tracker of await fetcher.take()) {
    const result = await fetcher.fetchTracker(tracker)
    ledger.attempts++
    if (!result.ok) ledger.failed++
    ledger.reports += result.reports?.length ?? 0
    ledger.events += result.zones ?? 0
    results.push(`${tracker} ${result.ok ? result.reports.length : result.reason}`)
  }
  console.log(`round ${number}: ${results.join(', ')}`)
}

async function finish() {
  const due = await fetcher.dueNow()
  console.log(JSON.stringify({ ...ledger, due }))
}

function terminated() {
  return new Promise((resolve) => process.once('SIGTERM', resolve))
}

async function main() {
  await fetcher.start()
  await fetcher.schedule(Number(ROUNDS))
  console.log('fetcher started')
  if (CRASH === 'sigterm') {
    process.on('SIGTERM', async () => {
      console.log('asked to stop')
      await finish()
      await fetcher.stop()
    })
  }
  for (let number = 1; number <= Number(ROUNDS); number++) await round(number)

  if (CRASH === 'throw') {
    setTimeout(() => {
      const tracker = undefined
      console.log(`next is ${tracker.id}`)
    }, 1)
    return
  }
  if (CRASH === 'reject') return void fetcher.request('/missing')
  if (CRASH === 'exit3') process.exit(3)
  if (CRASH?.startsWith('sigterm')) return process.kill(process.pid, 'SIGTERM')

  await finish()
  if (STAY) await terminated()
  await fetcher.stop()
}

void main()
