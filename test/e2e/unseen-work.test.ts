/** Services of whose work much, little or nothing can be seen, half a minute after their start. Each is a process of its own; all run at once. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { REGISTER } from './service-process.ts'

const MODULES = fileURLToPath(new URL('../../node_modules/', import.meta.url))
/** The longest that is waited for what a service says, half a minute after it has started. Milliseconds. */
const PATIENCE_MS = 100_000
const TIMEOUT = { timeout: PATIENCE_MS + 20_000 }

const BULLMQ = `
import { Queue, Worker } from 'bullmq'
const connection = { host: '127.0.0.1', port: Number(process.env.PORT), maxRetriesPerRequest: null }
const queue = new Queue(process.env.QUEUE, { connection })
`
const NO_SOURCE = 'no source of work is watched'
const NOT_SEEN = `${NO_SOURCE}: rsmq is loaded, and what is done with it is not seen`
const NAME_IT =
  "Name the function that does the work in health.config: methods: [{ module: './service.js', function: 'handleJob', records: 'attempt' }]"

interface Case {
  readonly why: string
  readonly name: string
  readonly service: string
  readonly files?: Readonly<Record<string, string>>
  /** What its status says in the end. */
  readonly says: object
  /** Whether it says `working`. */
  readonly working: boolean | undefined
  readonly stderr: string
}

const CASES: readonly Case[] = [
  {
    why: 'jobs taken by hand are attempts, and their queue is read',
    name: 'by-hand',
    service: `${BULLMQ}
      await queue.addBulk(Array.from({ length: 5000 }, () => ({ name: 'job', data: {} })))
      const worker = new Worker(process.env.QUEUE, null, { connection })
      for (;;) {
        const job = await worker.getNextJob('mine')
        await new Promise((resolve) => setTimeout(resolve, 50))
        await job.moveToCompleted('done', 'mine', false)
      }`,
    says: { metrics: { success_rate_percent: 100, queue_sizes: { 'by-hand': expect.any(Number) as number } } },
    working: true,
    stderr: '',
  },
  {
    why: 'who only adds jobs owes nothing, and is not told to mend anything',
    name: 'producer',
    service: `${BULLMQ} setInterval(() => void queue.add('job', {}), 1000)`,
    says: { metrics: { work_rate_per_hour: null }, unknown: { work_rate_per_hour: 'no worker of bullmq runs here' } },
    working: undefined,
    stderr: '',
  },
  {
    why: 'a library that is not known is named, with the line that covers it',
    name: 'unknown-library',
    service: `import 'rsmq'; setInterval(() => {}, 1000)`,
    files: {
      'node_modules/rsmq/package.json': '{ "name": "rsmq", "main": "index.js" }',
      'node_modules/rsmq/index.js': 'exports.queue = 1',
    },
    says: { metrics: { work_rate_per_hour: null, success_rate_percent: null }, unknown: { work_rate_per_hour: NOT_SEEN } },
    working: false,
    stderr: `otel-health: ${NOT_SEEN}, so that its rates are unknown. ${NAME_IT}\n`,
  },
  {
    why: 'a loop of its own is not known to do nothing',
    name: 'own-loop',
    service: `setInterval(() => {}, 1000)`,
    says: { metrics: { work_rate_per_hour: null }, unknown: { work_rate_per_hour: NO_SOURCE } },
    working: false,
    stderr: `otel-health: ${NO_SOURCE}, so that its rates are unknown. ${NAME_IT}; or say that there is none: methods: []\n`,
  },
  {
    why: 'who says that there is no work is believed',
    name: 'no-work',
    service: `setInterval(() => {}, 1000)`,
    files: { 'health.config.json': '{ "methods": [] }' },
    says: { unknown: { work_rate_per_hour: `${NO_SOURCE}: health.config says that there is none` } },
    working: undefined,
    stderr: '',
  },
  {
    why: 'a function that health.config names and that was never called is a source that does nothing',
    name: 'named-work',
    service: `import { handleJob } from './work.js'; setInterval(() => handleJob.length, 1000)`,
    files: {
      'work.js': 'export function handleJob() {}',
      'health.config.json': `{ "methods": [{ "module": "./work.js", "function": "handleJob", "records": "attempt" }] }`,
    },
    says: { metrics: { work_rate_per_hour: 0 }, unknown: { success_rate_percent: 'no attempts in the last 5 min' } },
    working: true,
    stderr: '',
  },
  {
    why: 'a worker in a thread is a source of its process',
    name: 'in-thread',
    service: `import { Worker } from 'node:worker_threads'; new Worker(new URL('./thread.js', import.meta.url))`,
    files: { 'thread.js': `${BULLMQ} new Worker(process.env.QUEUE, async () => {}, { connection })` },
    says: { metrics: { work_rate_per_hour: 0, queue_sizes: { 'in-thread': 0 } } },
    working: true,
    stderr: '',
  },
  {
    why: 'a paused queue is shown as paused',
    name: 'paused-queue',
    service: `${BULLMQ}
      await queue.pause()
      await queue.addBulk(Array.from({ length: 120 }, () => ({ name: 'job', data: {} })))
      new Worker(process.env.QUEUE, async () => {}, { connection })`,
    says: {
      metrics: { total_queue_size: 0, queue_sizes: { 'paused-queue': 120 }, paused_queues: { 'paused-queue': 120 }, work_rate_per_hour: 0 },
    },
    working: true,
    stderr: '',
  },
  {
    why: 'a worker that the service has paused owes nothing',
    name: 'paused-worker',
    service: `${BULLMQ}
      const worker = new Worker(process.env.QUEUE, async () => {}, { connection })
      await worker.waitUntilReady()
      await worker.pause()
      await queue.add('job', {})`,
    says: {
      metrics: { work_rate_per_hour: null, total_queue_size: 1 },
      unknown: { work_rate_per_hour: 'every worker of this process is paused' },
    },
    working: undefined,
    stderr: '',
  },
]

let valkey: EmbeddedValkey
let redis: Redis
const folder = mkdtempSync(join(tmpdir(), 'otel-health-'))
const stderrs = new Map<string, string>()
const ends: (() => void)[] = []

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  for (const each of CASES) start(each)
})
afterAll(async () => {
  for (const end of ends) end()
  redis.disconnect()
  await valkey.stop()
  rmSync(folder, { recursive: true, force: true })
})

function start({ name, service, files = {} }: Case): void {
  const home = join(folder, name)
  const all = { 'package.json': JSON.stringify({ name, type: 'module' }), 'service.js': service, ...files }
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(dirname(join(home, file)), { recursive: true })
    writeFileSync(join(home, file), text)
  }
  mkdirSync(join(home, 'node_modules'), { recursive: true })
  symlinkSync(join(MODULES, 'bullmq'), join(home, 'node_modules/bullmq'))
  const child = spawn(process.execPath, ['--import', REGISTER, 'service.js'], {
    cwd: home,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      ...{ HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port), HEALTH_PUBLISHING_INTERVAL: '1' },
      ...{ OTEL_METRICS_EXPORTER: 'none', PORT: String(valkey.port), QUEUE: name, NODE_COMPILE_CACHE: join(folder, 'compiled') },
    },
  })
  stderrs.set(name, '')
  child.stderr.on('data', (chunk: Buffer) => stderrs.set(name, stderrs.get(name)! + chunk.toString()))
  ends.push(() => child.kill('SIGKILL'))
}

async function statusOf(name: string): Promise<{ readonly working?: boolean } | undefined> {
  const [instance] = await redis.zrange(`{health}:instances:${name}`, '0', '0')
  const text = instance === undefined ? null : await redis.get(`{health}:status:${name}:${instance}`)
  return text === null ? undefined : (JSON.parse(text) as { working?: boolean })
}

test.for(CASES)('$why', TIMEOUT, async ({ name, says, working, stderr }) => {
  await expect.poll(async () => await statusOf(name), { timeout: PATIENCE_MS, interval: 250 }).toMatchObject({ status: 'healthy', ...says })
  await expect.poll(() => stderrs.get(name), { timeout: 5000 }).toBe(stderr)
  expect((await statusOf(name))?.working).toBe(working)
})
