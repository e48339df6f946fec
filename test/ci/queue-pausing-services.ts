/** Services that are given jobs all the time, and print each that they are given, begin and have done. They print `begun` once they work. */

const WORK = `
async function doJob(n) {
  console.log('job begun ' + n)
  await new Promise((resolve) => setTimeout(resolve, 30))
  console.log('job done ' + n)
}
let n = 0
const feed = (add) => setInterval(() => {
  console.log('job given ' + n)
  add(n++)
}, 20)
const redis = { host: '127.0.0.1', port: Number(process.env.SERVICE_REDIS_PORT), db: Number(process.env.SERVICE_REDIS_DB) }
`

/** Every third fails, which brings Bull its next job another way. */
export const BULL_PAUSED = `${WORK}
async function main() {
  const queue = new (library.default ?? library)('paused', { redis })
  await queue.isReady()
  queue.process(2, async (job) => {
    await doJob(job.data.n)
    if (job.data.n % 3 === 0) throw new Error('fails')
  })
  feed((n) => queue.add({ n }))
  console.log('begun')
  return new Promise(() => {})
}
const ends = {}
`

export const BEE_QUEUE_PAUSED = `${WORK}
async function main() {
  const queue = new (library.default ?? library)('paused', { redis })
  await queue.ready()
  queue.process(2, (job) => doJob(job.data.n))
  feed((n) => queue.createJob({ n }).save())
  console.log('begun')
  return new Promise(() => {})
}
const ends = {}
`

export const PG_BOSS_PAUSED = `${WORK}
async function main() {
  const boss = new (library.PgBoss ?? library.default ?? library)({ connectionString: process.env.SERVICE_POSTGRES, schema: 'paused' })
  boss.on('error', (error) => console.error(error))
  await boss.start()
  await boss.createQueue?.('paused')
  const isOld = boss.createQueue === undefined
  const options = isOld ? { newJobCheckInterval: 100, teamSize: 2 } : { pollingIntervalSeconds: 0.5, batchSize: 2 }
  await boss.work('paused', options, async (jobs) => {
    for (const job of Array.isArray(jobs) ? jobs : [jobs]) await doJob(job.data.n)
  })
  feed((n) => boss.send('paused', { n }))
  console.log('begun')
  return new Promise(() => {})
}
const ends = {}
`

/** Every third fails. */
export const BULLMQ_PAUSED = `${WORK}
async function main() {
  const queue = new library.Queue('paused', { connection: redis })
  const worker = new library.Worker('paused', async (job) => {
    await doJob(job.data.n)
    if (job.data.n % 3 === 0) throw new Error('fails')
  }, { connection: redis, concurrency: 2 })
  await worker.waitUntilReady()
  feed((n) => queue.add('job', { n }))
  console.log('begun')
  return new Promise(() => {})
}
const ends = {}
`
