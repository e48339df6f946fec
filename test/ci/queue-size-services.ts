/**
 * Services that leave their queue `sizes` as it is to be read: of five jobs the first has failed for good and the second does not end; two
 * more have their time in an hour. They print `ready` then, and go on. What is paused has two jobs.
 */

const HANDLE = `
const { promise: isHeld, resolve: held } = Promise.withResolvers()
const handle = (n) => {
  if (n === 0) throw new Error('as asked')
  held()
  return new Promise(() => {})
}
const HOUR = 3_600_000
const ready = () => (console.log('ready'), new Promise(() => {}))
`

export const BULL_SIZES = `${HANDLE}
async function main() {
  const Queue = library.default ?? library
  const options = { redis: { host: '127.0.0.1', port: Number(process.env.SERVICE_REDIS_PORT) }, prefix: process.env.PREFIX }
  const queue = new Queue('sizes', options)
  const paused = new Queue('paused', options)
  await Promise.all([queue.isReady(), paused.isReady()])
  for (let n = 0; n < 5; n++) await queue.add({ n })
  for (let n = 0; n < 2; n++) await queue.add({ n }, { delay: HOUR })
  await paused.pause()
  for (let n = 0; n < 2; n++) await paused.add({ n })
  queue.process((job) => handle(job.data.n))
  await isHeld
  await ready()
}
`

export const BEE_QUEUE_SIZES = `${HANDLE}
async function main() {
  const Queue = library.default ?? library
  const redis = { host: '127.0.0.1', port: Number(process.env.SERVICE_REDIS_PORT) }
  const queue = new Queue('sizes', { redis, prefix: process.env.PREFIX })
  await queue.ready()
  for (let n = 0; n < 5; n++) await queue.createJob({ n }).save()
  for (let n = 0; n < 2; n++) await queue.createJob({ n }).delayUntil(Date.now() + HOUR).save()
  queue.process((job) => handle(job.data.n))
  await isHeld
  await ready()
}
`

export const PG_BOSS_SIZES = `${HANDLE}
async function main() {
  const PgBoss = library.PgBoss ?? library.default ?? library
  const boss = new PgBoss({ connectionString: process.env.SERVICE_POSTGRES, schema: process.env.PREFIX })
  boss.on('error', (error) => console.error(error))
  await boss.start()
  await boss.createQueue?.('sizes')
  for (let n = 0; n < 5; n++) await boss.send('sizes', { n }, { retryLimit: 0 })
  for (let n = 0; n < 2; n++) await boss.send('sizes', { n }, { startAfter: HOUR / 1000 })
  const options = boss.createQueue ? { pollingIntervalSeconds: 0.5 } : { newJobCheckInterval: 100 }
  await boss.work('sizes', options, async (jobs) => handle((jobs[0] ?? jobs).data.n))
  await isHeld
  await ready()
}
`

export const GRAPHILE_WORKER_SIZES = `${HANDLE}
async function main() {
  const { run, makeWorkerUtils, Logger } = library.default ?? library
  const [connectionString, schema] = [process.env.SERVICE_POSTGRES, process.env.PREFIX]
  const utils = await makeWorkerUtils({ connectionString, schema })
  await utils.migrate()
  for (let n = 0; n < 5; n++) await utils.addJob('sizes', { n }, { maxAttempts: 1 })
  for (let n = 0; n < 2; n++) await utils.addJob('sizes', { n }, { runAt: new Date(Date.now() + HOUR) })
  const taskList = { sizes: async ({ n }) => handle(n) }
  await run({ connectionString, schema, taskList, concurrency: 1, logger: new Logger(() => () => {}), noHandleSignals: true })
  await isHeld
  await ready()
}
`
