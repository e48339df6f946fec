/**
 * What watching costs a service with a queue library: two services, one with our register and one without, take turns at 500 jobs until each
 * has done 10,000. Installs the libraries; needs npm and, for two of them, the machine's PostgreSQL. `node bench/queue-libraries.ts [library…]`
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { startValkey } from '../examples/valkey/start-valkey.ts'
import { QueueLibraryProjects } from '../test/ci/queue-library-projects.ts'
import { RealPostgres } from '../test/ci/real-postgres.ts'

const JOBS = 10_000
const TURN = 500
const REGISTER = fileURLToPath(new URL('../dist/register.js', import.meta.url))

/** `turn` does as many jobs and pushes what each gave to `ends`, in the order in which they ended. */
const SERVICE = (prepare: string, turn: string): string => `
const ends = []
const port = Number(process.env.SERVICE_REDIS_PORT)
const connectionString = process.env.SERVICE_POSTGRES
const name = 'bench_' + process.pid
const work = async (n) => n * 2
;(async () => {
  ${prepare}
  process.on('message', async (from) => {
    const [cpu, at] = [process.cpuUsage(), performance.now()]
    const jobs = Array.from({ length: ${TURN} }, (_, n) => from + n)
    ${turn}
    const ms = performance.now() - at
    const { user, system } = process.cpuUsage(cpu)
    process.send({ ms, cpuMs: (user + system) / 1000, ends: ends.splice(0).join() })
  })
  process.send('ready')
})()
`

/** Resolves \`done\` when a turn's jobs have ended. */
const ENDED = `let done; const ended = (result) => { if (ends.push(result) === ${TURN}) done() }`

const LIBRARIES: Readonly<Record<string, { readonly dependencies: Readonly<Record<string, string>>; readonly service: string }>> = {
  bull: {
    dependencies: { bull: '^4.16.5' },
    service: SERVICE(
      `${ENDED}; const Queue = require('bull'); const queue = new Queue(name, { redis: { port } }); await queue.isReady()
       queue.process((job) => work(job.data)); queue.on('completed', (_job, result) => ended(result))`,
      `const all = new Promise((resolve) => (done = resolve))
       await queue.addBulk(jobs.map((data) => ({ data, opts: { removeOnComplete: true } }))); await all`,
    ),
  },
  'bee-queue': {
    dependencies: { 'bee-queue': '^2.0.0' },
    service: SERVICE(
      `${ENDED}; const Queue = require('bee-queue'); const queue = new Queue(name, { redis: { port }, removeOnSuccess: true })
       await queue.ready(); queue.process((job) => work(job.data)); queue.on('succeeded', (_job, result) => ended(result))`,
      `const all = new Promise((resolve) => (done = resolve)); await queue.saveAll(jobs.map((n) => queue.createJob(n))); await all`,
    ),
  },
  'pg-boss': {
    dependencies: { 'pg-boss': '^12.38.0' },
    service: SERVICE(
      `${ENDED}; const { PgBoss } = require('pg-boss'); const boss = new PgBoss({ connectionString, schema: name }); await boss.start()
       await boss.createQueue(name)
       const id = await boss.work(name, { batchSize: 50, pollingIntervalSeconds: 0.5 }, async (batch) => {
         for (const job of batch) ended(await work(job.data.n)); setImmediate(() => boss.notifyWorker(id))
       })`,
      `const all = new Promise((resolve) => (done = resolve)); await boss.insert(name, jobs.map((n) => ({ data: { n }, priority: -n }))); boss.notifyWorker(id); await all`,
    ),
  },
  'graphile-worker': {
    dependencies: { 'graphile-worker': '^0.18.0' },
    service: SERVICE(
      `${ENDED}; const { run, Logger, makeWorkerUtils } = require('graphile-worker'); const shared = { connectionString, schema: name, logger: new Logger(() => () => {}) }
       const utils = await makeWorkerUtils(shared); await utils.migrate()
       await run({ ...shared, concurrency: 1, pollInterval: 100, noHandleSignals: true, taskList: { task: async ({ n }) => void ended(await work(n)) } })`,
      `const all = new Promise((resolve) => (done = resolve))
       await utils.addJobs(jobs.map((n) => ({ identifier: 'task', payload: { n } }))); await all`,
    ),
  },
}

interface Turn {
  readonly ms: number
  readonly cpuMs: number
  readonly ends: string
}

async function start(folder: string, flags: readonly string[], env: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const child = fork(`${folder}/service.cjs`, { execArgv: [...flags], cwd: folder, env: { PATH: process.env['PATH'], ...env } })
  await once(child, 'message')
  return child
}

async function takeTurn(child: ChildProcess, from: number): Promise<Turn> {
  child.send(from)
  return ((await once(child, 'message')) as [Turn])[0]
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0)

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(LIBRARIES)
const dependencies = Object.fromEntries(names.map((name) => [`of-${name}`, LIBRARIES[name]!.dependencies]))
const [projects, valkey, postgres] = await Promise.all([QueueLibraryProjects.install(dependencies), startValkey(), RealPostgres.create()])
const env = {
  HEALTH_REDIS_HOST: '127.0.0.1',
  HEALTH_REDIS_PORT: String(valkey.port),
  OTEL_METRICS_EXPORTER: 'none',
  SERVICE_REDIS_PORT: String(valkey.port),
}
console.log(
  `library          bare jobs/s  watched jobs/s  throughput, median of pairs  CPU per job, bare and watched  same order and results`,
)
for (const name of names) {
  const folder = await projects.write(`of-${name}`, { 'service.cjs': LIBRARIES[name]!.service })
  const [bare, watched] = [
    await start(folder, [], { ...env, SERVICE_POSTGRES: await postgres.database(`${name}-bare`) }),
    await start(folder, ['--import', REGISTER], { ...env, SERVICE_POSTGRES: await postgres.database(`${name}-watched`) }),
  ]
  const pairs: { bare: Turn; watched: Turn }[] = []
  for (const child of [bare, watched]) await takeTurn(child, 0)
  for (let from = 0; from < JOBS; from += TURN) {
    if ((from / TURN) % 2 === 0) pairs.push({ bare: await takeTurn(bare, from), watched: await takeTurn(watched, from) })
    else {
      const second = await takeTurn(watched, from)
      pairs.push({ bare: await takeTurn(bare, from), watched: second })
    }
  }
  const rate = (which: 'bare' | 'watched'): string => ((JOBS / sum(pairs.map((pair) => pair[which].ms))) * 1000).toFixed(0)
  const cpu = (which: 'bare' | 'watched'): string => ((median(pairs.map((pair) => pair[which].cpuMs)) / TURN) * 1000).toFixed(0)
  const ratio = median(pairs.map((pair) => pair.bare.ms / pair.watched.ms)) * 100
  const isSame = pairs.every((pair) => pair.bare.ends === pair.watched.ends)
  console.log(
    `${name.padEnd(15)}  ${rate('bare').padStart(11)}  ${rate('watched').padStart(14)}  ${`${ratio.toFixed(1)} %`.padStart(27)}  ${`${cpu('bare')} us, ${cpu('watched')} us`.padStart(29)}  ${isSame ? 'yes' : 'NO'}`,
  )
  for (const child of [bare, watched]) child.kill('SIGKILL')
}
await Promise.all([valkey.stop(), postgres.remove(), projects.remove()])
