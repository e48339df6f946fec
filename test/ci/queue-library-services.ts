/**
 * Services that use a queue library as its documentation does, and count themselves what they do. Each does 100 jobs of every queue, of which
 * 10 fail, and prints at its end what it did and how the library said that each ended.
 */

/** How modules of the project are written. */
export type Format = 'cjs' | 'mjs'

/** The jobs of one queue: those that fail do so in two ways. */
const HANDLERS = `
const truth = {}
async function work(queue, n) {
  const counts = (truth[queue] ??= { ok: 0 })
  const fails = n % 10 === 3
  const type = n < 50 ? 'TypeError' : 'ECONNREFUSED'
  counts[fails ? type : 'ok'] = (counts[fails ? type : 'ok'] ?? 0) + 1
  if (n % 2) await new Promise((resolve) => setImmediate(resolve))
  if (!fails) return n * 2
  throw n < 50 ? new TypeError('as asked') : Object.assign(new Error('as asked'), { code: type })
}
const exported = (job) => work('exported', (job[0] ?? job).data.n)
`

/** The files of a service. `uses`: the packages it loads, by the name it has for each. */
export function serviceFiles(uses: Readonly<Record<string, string>>, service: string, format: Format): Readonly<Record<string, string>> {
  const isCjs = format === 'cjs'
  const loads = Object.entries(uses).map(([name, from]) =>
    isCjs ? `const ${name} = require('${from}')` : `import * as ${name} from '${from}'`,
  )
  const handlers = isCjs
    ? `const { truth, work, exported } = require('./handlers.cjs')`
    : `import { truth, work, exported } from './handlers.mjs'`
  const task = isCjs
    ? `const { work } = require('../handlers.cjs')\nmodule.exports =`
    : `import { work } from '../handlers.mjs'\nexport default`
  return {
    [`handlers.${format}`]: `${HANDLERS}${isCjs ? 'module.exports =' : 'export'} { truth, work, exported }\n`,
    [`service.${format}`]: `${loads.join('\n')}\n${handlers}\n${service}main().then(() => console.log(JSON.stringify({ truth, ends })))\n`,
    'processor.js': PROCESSOR,
    'tasks/exported.js': `${task} (payload) => work('exported', payload.n)\n`,
    'tasks/package.json': JSON.stringify({ type: isCjs ? 'commonjs' : 'module' }),
  }
}

/** What Bull runs in a process of its own. */
const PROCESSOR = `
module.exports = async (job) => {
  if (job.data.n % 10 !== 3) return job.data.n * 2
  throw Object.assign(new Error('as asked'), { code: 'ECONNREFUSED' })
}
`

/** Every way of giving Bull a processor: inline, exported, with a callback, by name with concurrency, and in a sandbox. */
export const BULL = `
const Queue = library.default ?? library
const ends = {}
const queues = []
const options = { redis: { host: '127.0.0.1', port: Number(process.env.SERVICE_REDIS_PORT), db: Number(process.env.SERVICE_REDIS_DB) }, settings: { drainDelay: 1 } }
async function run(name, processors, counts) {
  const queue = new Queue(name, options)
  queues.push(queue)
  const done = new Promise((resolve) => {
    const told = (failed) => (job, result) => {
      ends[name].push(job.data.n + (failed ? ' failed ' + (result.message || result.code) : ' gave ' + result))
      if (counts) truth[name][failed ? 'ECONNREFUSED' : 'ok']++
      if (ends[name].length === 100) resolve()
    }
    queue.on('completed', told(false))
    queue.on('failed', told(true))
  })
  ends[name] = []
  if (counts) truth[name] = { ok: 0, ECONNREFUSED: 0 }
  await queue.isReady()
  for (let n = 0; n < 100; n++) await (processors.length > 1 ? queue.add(n % 2 ? 'odd' : 'even', { n }) : queue.add({ n }))
  for (const processor of processors) queue.process(...processor)
  await done
  await new Promise((resolve) => setTimeout(resolve, 200))
  if (processors.length > 1 || counts) ends[name].sort()
}
async function main() {
  await run('inline', [[(job) => work('inline', job.data.n)]])
  await run('exported', [[exported]])
  await run('callback', [[(job, done) => void work('callback', job.data.n).then((value) => done(null, value), done)]])
  await run('named', [['odd', 2, (job) => work('named', job.data.n)], ['even', (job) => work('named', job.data.n)]])
  if (process.env.WITH_SANDBOX) await run('sandboxed', [[2, process.cwd() + '/processor.js']], true)
  await Promise.all(queues.map((queue) => queue.close()))
}
`

export const BEE_QUEUE = `
const Queue = library.default ?? library
const ends = {}
const options = { redis: { host: '127.0.0.1', port: Number(process.env.SERVICE_REDIS_PORT), db: Number(process.env.SERVICE_REDIS_DB) } }
async function run(name, ...processor) {
  const queue = new Queue(name, options)
  ends[name] = []
  const done = new Promise((resolve) => {
    const told = (failed) => (job, result) => {
      ends[name].push(job.data.n + (failed ? ' failed ' + result.message : ' gave ' + result))
      if (ends[name].length === 100) resolve()
    }
    queue.on('succeeded', told(false))
    queue.on('failed', told(true))
  })
  await queue.ready()
  for (let n = 0; n < 100; n++) await queue.createJob({ n }).save()
  queue.process(...processor)
  await done
  if (processor.length > 1) ends[name].sort()
  await queue.close()
}
async function main() {
  await run('inline', (job) => work('inline', job.data.n))
  await run('exported', exported)
  await run('callback', (job, done) => void work('callback', job.data.n).then((value) => done(null, value), done))
  await run('many', 4, (job) => work('many', job.data.n))
}
`

/** Jobs one by one, and in batches of ten, one of which fails as a whole. */
export const PG_BOSS = `
const PgBoss = library.PgBoss ?? library.default ?? library
const ends = {}
async function main() {
  const boss = new PgBoss({ connectionString: process.env.SERVICE_POSTGRES, schema: 'boss_' + process.pid })
  boss.on('error', (error) => console.error(error))
  await boss.start()
  const db = boss.getDb?.() ?? boss.db
  const isOld = boss.createQueue === undefined
  async function run(name, batchSize, handler) {
    await boss.createQueue?.(name)
    for (let n = 0; n < 100; n++) await boss.send(name, { n }, { retryLimit: 0 })
    const options = isOld
      ? { newJobCheckInterval: 100, ...(batchSize > 1 ? { batchSize } : { teamSize: 100, teamConcurrency: 1 }) }
      : { pollingIntervalSeconds: 0.5, batchSize }
    const next = () => setImmediate(() => boss.notifyWorker(id))
    const id = await boss.work(name, options, (jobs) => (next(), handler(jobs)))
    for (;;) {
      const { rows } = await db.executeSql(
        'SELECT data, state, output FROM boss_' + process.pid + ".job WHERE name = $1 AND state NOT IN ('created', 'retry', 'active')", [name])
      ends[name] = rows.sort((a, b) => a.data.n - b.data.n).map(({ data, state, output }) =>
        data.n + ' ' + state + ' ' + (output?.message ?? output?.value))
      if (rows.length === 100) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  await run('inline', 1, (job) => work('inline', (job[0] ?? job).data.n))
  await run('exported', 1, exported)
  await run('batches', 10, async (jobs) => {
    const counts = (truth.batches ??= { ok: 0, RangeError: 0 })
    const fails = jobs.some((job) => job.data.n === 3)
    counts[fails ? 'RangeError' : 'ok'] += jobs.length
    if (fails) throw new RangeError('as asked')
  })
  if (process.env.WITH_RESULTS) await runEach()
  await boss.stop({ graceful: true, close: true, destroy: true, timeout: 1000 })
  /** A handler that says of each job of its batch how it ended. */
  async function runEach() {
    await boss.createQueue('each')
    for (let n = 0; n < 100; n++) await boss.send('each', { n }, { retryLimit: 0 })
    let left = 100
    truth.each = { ok: 90, ECONNREFUSED: 10 }
    await new Promise((resolve) => boss.work('each', { batchSize: 100, perJobResults: true }, async (jobs) => {
      left -= jobs.length
      if (left === 0) setTimeout(resolve, 200)
      return jobs.map(({ id, data }) => data.n % 10 === 3
        ? { id, status: 'failed', output: Object.assign(new Error('as asked'), { code: 'ECONNREFUSED' }) }
        : { id, status: 'completed' })
    }))
  }
}
`

/** Tasks in a list and in files; and jobs that fail have no tries left. */
export const GRAPHILE_WORKER = `
const { run, makeWorkerUtils, Logger } = library.default ?? library
const ends = {}
async function main() {
  const schema = 'graphile_' + process.pid
  const connectionString = process.env.SERVICE_POSTGRES
  const utils = await makeWorkerUtils({ connectionString, schema })
  await utils.migrate()
  async function all(name, how) {
    for (let n = 0; n < 100; n++) await utils.addJob(name, { n }, { maxAttempts: 1 })
    const logger = new Logger(() => () => {})
    const runner = await run({ connectionString, schema, logger, concurrency: 1, pollInterval: 100, noHandleSignals: true, ...how })
    ends[name] = []
    await new Promise((resolve) => {
      const told = (failed) => ({ job, error }) => {
        ends[name].push(job.payload.n + (failed ? ' failed ' + error.message : ' done'))
        if (ends[name].length === 100) setTimeout(resolve, 200)
      }
      runner.events.on('job:success', told(false))
      runner.events.on('job:error', told(true))
    })
    await runner.stop()
  }
  await all('inline', { taskList: { inline: (payload) => work('inline', payload.n) } })
  await all('exported', { taskDirectory: process.cwd() + '/tasks' })
  await utils.release()
}
`

/** Decorated processors of both packages of NestJS, as its compiler applies decorators. */
export const NESTJS = `
const ends = {}
const connection = { host: '127.0.0.1', port: Number(process.env.SERVICE_REDIS_PORT), db: Number(process.env.SERVICE_REDIS_DB) }
class OfBull {
  all(job) { return work('of-bull', job.data.n) }
}
bull.Process()(OfBull.prototype, 'all', Object.getOwnPropertyDescriptor(OfBull.prototype, 'all'))
bull.Processor('of-bull')(OfBull)
class OfBullmq extends bullmq.WorkerHost {
  process(job) { return work('of-bullmq', job.data.n) }
}
bullmq.Processor('of-bullmq')(OfBullmq)
class AppModule {}
common.Module({
  imports: [
    bull.BullModule.forRoot({ redis: connection }),
    bull.BullModule.registerQueue({ name: 'of-bull' }),
    bullmq.BullModule.forRoot({ connection }),
    bullmq.BullModule.registerQueue({ name: 'of-bullmq' }),
  ],
  providers: [OfBull, OfBullmq],
})(AppModule)
async function main() {
  const app = await core.NestFactory.createApplicationContext(AppModule, { logger: false })
  const ended = (name, emitter) => {
    ends[name] = []
    return new Promise((resolve) => {
      const told = (failed) => (job, result) => {
        ends[name].push(job.data.n + (failed ? ' failed ' + result.message : ' gave ' + result))
        if (ends[name].length === 100) setTimeout(resolve, 200)
      }
      emitter.on('completed', told(false))
      emitter.on('failed', told(true))
    })
  }
  const queue = app.get(bull.getQueueToken('of-bull'))
  const queuemq = app.get(bullmq.getQueueToken('of-bullmq'))
  const all = Promise.all([ended('of-bull', queue), ended('of-bullmq', app.get(OfBullmq).worker)])
  for (let n = 0; n < 100; n++) await Promise.all([queue.add({ n }), queuemq.add('work', { n })])
  await all
  await app.close()
}
`
