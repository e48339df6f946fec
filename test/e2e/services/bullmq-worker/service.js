import { Queue, Worker } from 'bullmq'

const { REDIS_URL, ROUNDS = '4', FAIL, CRASH, STAY } = process.env
const rounds = Number(ROUNDS)
const connection = { url: REDIS_URL, maxRetriesPerRequest: null }
const ledger = { attempts: 0, failed: 0 }

const mail = new Queue('mail', { connection })
const digests = new Queue('digests', { connection })

/** Four letters a round: of twelve the second gets through when it is sent again, and the seventh of all never does. */
async function ask() {
  const letters = Array.from({ length: 4 * rounds }, (_, index) => ({
    name: 'letter',
    data: { to: `reader-${index + 1}`, failures: FAIL || index === 6 ? 9 : index % 12 === 1 ? 1 : 0 },
    opts: { attempts: 2 },
  }))
  await mail.addBulk(letters)
  await mail.add('letter', { to: 'tomorrow', failures: 0 }, { delay: 86_400_000 })
  await digests.addBulk([1, 2, 3].map((week) => ({ name: 'digest', data: { week } })))
}

async function send({ data, attemptsMade }) {
  if (attemptsMade < data.failures) throw new Error(`no answer for ${data.to}`)
  return `sent to ${data.to}`
}

async function finish() {
  const { waiting, delayed, failed } = await mail.getJobCounts('waiting', 'delayed', 'failed')
  console.log(JSON.stringify({ ...ledger, due: { mail: waiting, digests: await digests.getWaitingCount() }, delayed, dead: failed }))
}

/** Resolves when every letter was sent or given up. */
async function workThrough() {
  let open = 4 * rounds
  const done = Promise.withResolvers()
  const worker = new Worker('mail', send, { connection })
  worker.on('completed', (job, result) => {
    ledger.attempts++
    console.log(`${job.id} ${result}`)
    if (--open === 0) done.resolve()
  })
  worker.on('failed', (job, error) => {
    ledger.attempts++
    ledger.failed++
    console.log(`${job.id} ${error.message}, try ${job.attemptsMade}`)
    if (job.attemptsMade === job.opts.attempts && --open === 0) done.resolve()
  })
  await done.promise
  return worker
}

function crash() {
  if (CRASH === 'throw') setImmediate(() => JSON.parse('{"letter":'))
  if (CRASH === 'reject') void send({ data: { to: 'nobody', failures: 1 }, attemptsMade: 0 })
  if (CRASH === 'exit3') process.exit(3)
  if (CRASH.startsWith('sigterm')) process.kill(process.pid, 'SIGTERM')
}

await ask()
console.log('worker started')
const worker = await workThrough()

async function close() {
  await Promise.all([worker.close(), mail.close(), digests.close()])
}

if (CRASH === 'sigterm') {
  process.on('SIGTERM', async () => {
    console.log('asked to stop')
    await finish()
    await close()
  })
}
if (CRASH) crash()
else {
  await finish()
  if (STAY) await new Promise((resolve) => process.once('SIGTERM', resolve))
  await close()
}
