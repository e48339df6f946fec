/** Services with BullMQ workers in processes of their own, once watched and once not: to them there is no difference. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { EmbeddedValkey } from '../../../examples/valkey/start-valkey.ts'
import { startValkey } from '../../../examples/valkey/start-valkey.ts'
import type { FoundQueue, QueueAttempt } from '../../../src/instrument/queues/queue-library.ts'

const fixture = (name: string): URL => new URL(`../fixtures/${name}`, import.meta.url)

let valkey: EmbeddedValkey
let redis: Redis
beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis({ port: valkey.port })
})
beforeEach(async () => {
  await redis.flushall()
})
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})

interface Run {
  readonly code: number | null
  /** In whatever order jobs came. */
  readonly lines: readonly string[]
  readonly stderr: string
}

interface Told {
  readonly attempts: readonly (Omit<QueueAttempt, 'error'> & { readonly error?: string })[]
  readonly queues: readonly FoundQueue[]
  readonly said: readonly string[]
  readonly rests: readonly string[]
}

type ModuleType = 'module' | 'commonjs'

/** The program finds `Queue`, `Worker` and the other exports of BullMQ in `bullmq`, and options of Redis in `connection`. */
async function run(
  program: string,
  type: ModuleType,
  database: number,
  args: readonly string[] = [],
): Promise<Run & { readonly told: readonly Told[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'otel-health-'))
  const record = join(folder, 'record')
  const service = join(folder, type === 'module' ? 'service.mjs' : 'service.cjs')
  const [load, main] =
    type === 'module'
      ? [`import * as bullmq from 'bullmq'`, program]
      : [`const bullmq = require('bullmq')`, `(async () => { ${program} })()`]
  try {
    await mkdir(record)
    await symlink(fileURLToPath(new URL('../../../node_modules', import.meta.url)), join(folder, 'node_modules'))
    await writeFile(service, `${load}\n${PRELUDE}\n${main}`)
    const env = {
      ...process.env,
      PORT: String(valkey.port),
      DATABASE: String(database),
      PROCESSOR: fileURLToPath(fixture('processor.cjs')),
      RECORD: record,
    }
    const done = await new Promise<Run>((resolve) => {
      const child = execFile(process.execPath, [...args, service], { env, timeout: 20_000 }, (_, stdout, stderr) =>
        resolve({ code: child.exitCode, lines: stdout.split('\n').filter(Boolean).toSorted(), stderr }),
      )
    })
    const files = await readdir(record)
    const told = await Promise.all(files.map(async (file) => JSON.parse(await readFile(join(record, file), 'utf8')) as Told))
    return { ...done, told }
  } finally {
    await rm(folder, { recursive: true })
  }
}

const PRELUDE = `
const { Queue, Worker, DelayedError } = bullmq
const connection = { host: '127.0.0.1', port: Number(process.env.PORT), db: Number(process.env.DATABASE), maxRetriesPerRequest: null }
/** Resolves when so many jobs were completed or failed for good. */
function finished(worker, jobs) {
  return new Promise((resolve) => {
    const end = () => --jobs === 0 && resolve()
    worker.on('completed', (job, result) => { console.log('completed', job.name, JSON.stringify(result)); end() })
    worker.on('failed', (job, error) => { console.log('failed', job.name, error.message, job.attemptsMade); if (job.attemptsMade === (job.opts.attempts || 1)) end() })
  })
}`

/** Runs the program without and with our watch; `told` by each process and thread. */
async function runBoth(
  program: string,
  type: ModuleType,
): Promise<{ readonly bare: Run; readonly watched: Run; readonly told: readonly Told[] }> {
  const [{ told: nothing, ...bare }, { told, ...watched }] = await Promise.all([
    run(program, type, 9),
    run(program, type, 0, ['--import', fixture('watch-queues.ts').href]),
  ])
  expect(nothing).toEqual([])
  return { bare, watched, told }
}

const outcome = ({ queue, failed, postponed, error }: Told['attempts'][number]): string =>
  `${queue} ${failed ? `failed ${error}` : postponed ? 'postponed' : 'completed'}`

const EVERY_END = `
const queue = new Queue('mail', { connection })
let asked = 0
const once = new Set()
const first = (name) => !once.has(name) && once.add(name)
class OddPromise extends Promise {}
const worker = new Worker('mail', function (job, token) {
  console.log(job.name, this === worker, arguments.length, typeof token)
  switch (job.name) {
    case 'sync': return 7
    case 'object': return { a: [1] }
    case 'nothing': return undefined
    case 'async': return new Promise((resolve) => setTimeout(resolve, 40, 'later'))
    case 'odd': return OddPromise.resolve('odd')
    case 'thenable': return { then(resolve) { asked++; resolve('asked') } }
    case 'throws': throw Object.assign(new Error('at once'), { code: 'E_AT_ONCE' })
    case 'rejects': return Promise.reject(new Error('unrecordable'))
    case 'delayed': return first('delayed') ? job.moveToDelayed(Date.now() + 20, token).then(() => { throw new DelayedError() }) : 'in time'
    case 'limited': return first('limited') ? worker.rateLimit(20).then(() => { throw Worker.RateLimitError() }) : 'in turn'
  }
}, { connection })
const done = finished(worker, 10)
for (const name of ['sync', 'object', 'nothing', 'async', 'odd', 'thenable', 'rejects', 'delayed', 'limited']) await queue.add(name, {})
await queue.add('throws', {}, { attempts: 3 })
await done
const { name, length } = Worker.prototype.callProcessJob
console.log('then was asked', asked, name, length, Object.getOwnPropertyNames(Worker.prototype).join())
console.log(JSON.stringify(await queue.getJobCounts()))
await worker.close()
await queue.close()
`

describe.for<ModuleType>(['module', 'commonjs'])('a service of type %s', (type) => {
  test('works as it does unwatched, and every call of its processor is one attempt', async () => {
    const { bare, watched, told } = await runBoth(EVERY_END, type)
    expect(bare).toMatchObject({ code: 0, stderr: '' })
    expect(watched).toEqual(bare)
    expect(told).toHaveLength(1)
    const [{ attempts, queues, said }] = told as [Told]
    expect(attempts.map(outcome).toSorted()).toEqual([
      ...Array.from({ length: 8 }, () => 'mail completed'),
      ...Array.from({ length: 3 }, () => 'mail failed E_AT_ONCE'),
      'mail failed unrecordable',
      'mail postponed',
      'mail postponed',
    ])
    expect(attempts.every(({ durationMs }) => durationMs >= 0 && durationMs < 10_000)).toBe(true)
    expect(Math.max(...attempts.map(({ durationMs }) => durationMs))).toBeGreaterThan(35)
    expect(queues).toEqual([
      {
        name: 'mail',
        target: { bullmq: 'mail', prefix: 'bull' },
        redis: { host: '127.0.0.1', port: valkey.port, database: 0, tls: false },
      },
    ])
    expect(said).toEqual(['otel-health: a BullMQ worker could not be recorded: cannot be recorded'])
  })
})

test.for([
  { why: 'in a process', options: '{ connection }' },
  { why: 'in a thread', options: '{ connection, useWorkerThreads: true }' },
])('the attempts of a processor $why of its own are those of the worker, and are counted there only', async ({ options }) => {
  const program = `
    const queue = new Queue('mail', { connection })
    const worker = new Worker('mail', process.env.PROCESSOR, ${options})
    const done = finished(worker, 2)
    await queue.add('good', { to: 'a' })
    await queue.add('bad', { to: 'b' }, { attempts: 2 })
    await done
    await worker.close()
    await queue.close()`
  const { bare, watched, told } = await runBoth(program, 'module')
  expect(bare.lines).toEqual(['completed good "sent to a"', 'failed bad no answer for b 1', 'failed bad no answer for b 2'])
  expect(watched).toEqual(bare)
  const withAttempts = told.filter(({ attempts, queues }) => attempts.length + queues.length > 0)
  expect(withAttempts).toHaveLength(1)
  expect(withAttempts[0]!.attempts.map(outcome)).toEqual(['mail completed', 'mail failed no answer for b', 'mail failed no answer for b'])
})

test('a job that is cancelled hears of it, and its attempt failed', async () => {
  const program = `
    const queue = new Queue('mail', { connection })
    const worker = new Worker('mail', async (job, token, signal) => {
      console.log(signal instanceof AbortSignal)
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(Object.assign(new Error(signal.reason), { code: 'ABORT_ERR' })))
        setImmediate(() => worker.cancelJob(job.id, 'no longer wanted'))
      })
    }, { connection })
    const done = finished(worker, 1)
    await queue.add('long', {})
    await done
    await worker.close()
    await queue.close()`
  const { bare, watched, told } = await runBoth(program, 'module')
  expect(bare.lines).toContain('failed long no longer wanted 1')
  expect(watched).toEqual(bare)
  expect(told[0]!.attempts.map(outcome)).toEqual(['mail failed ABORT_ERR'])
})

test('each queue that workers take jobs from is told once, with where it is', async () => {
  const program = `
    const url = \`redis://127.0.0.1:\${connection.port}/2\`
    const work = async () => {}
    const workers = [
      new Worker('mail', work, { connection }),
      new Worker('mail', work, { connection }),
      new Worker('mail', work, { connection: { ...connection, db: 1 } }),
      new Worker('digests', work, { connection: { url, maxRetriesPerRequest: null }, prefix: '{app}' }),
      new Worker('never begun', work, { connection, autorun: false }),
    ]
    for (const worker of workers) await worker.waitUntilReady()
    for (const worker of workers) await worker.close()`
  const { bare, watched, told } = await runBoth(program, 'module')
  expect(watched).toEqual(bare)
  const where = { host: '127.0.0.1', port: valkey.port, tls: false }
  expect(told[0]!.queues).toEqual([
    { name: 'mail', target: { bullmq: 'mail', prefix: 'bull' }, redis: { ...where, database: 0 } },
    { name: 'mail', target: { bullmq: 'mail', prefix: 'bull' }, redis: { ...where, database: 1 } },
    { name: 'digests', target: { bullmq: 'digests', prefix: '{app}' }, redis: { ...where, database: 2 } },
  ])
})

test('after the watch has ended workers are as they were, those that run too', async () => {
  const program = `
    const queue = new Queue('mail', { connection })
    const worker = new Worker('mail', async () => 'done', { connection })
    const watched = Worker.prototype.callProcessJob
    const first = finished(worker, 1)
    await queue.add('one', {})
    await first
    globalThis.stopWatching?.()
    console.log((Worker.prototype.callProcessJob === watched) !== ('stopWatching' in globalThis))
    worker.removeAllListeners()
    const second = finished(worker, 1)
    await queue.add('two', {})
    await second
    await worker.close()
    await queue.close()`
  const { bare, watched, told } = await runBoth(program, 'module')
  expect(bare.lines).toContain('true')
  expect(watched).toEqual(bare)
  expect(told[0]!.attempts).toHaveLength(1)
})

test('jobs that a service takes and ends by its own hand are attempts, beside those of a processor', async () => {
  const program = `
    const queue = new Queue('mail', { connection })
    const others = new Queue('other', { connection })
    const worker = new Worker('mail', null, { connection })
    const beside = new Worker('other', async () => 'by a processor', { connection })
    const done = finished(beside, 1)
    await others.add('beside', {})
    await done
    for (const name of ['good', 'bad', 'retried', 'late', 'first', 'second']) await queue.add(name, {}, { attempts: name === 'retried' ? 2 : 1 })
    const token = 'mine'
    const next = async () => {
      const job = await worker.getNextJob(token)
      console.log('took', job?.name, job?.attemptsMade)
      return job
    }
    const pause = () => new Promise((resolve) => setTimeout(resolve, 40))
    let job = await next()
    await pause()
    console.log(await job.moveToCompleted('sent', token, false))
    job = await next()
    await job.moveToFailed(Object.assign(new Error('no answer'), { code: 'E_NO_ANSWER' }), token, false)
    job = await next()
    await job.moveToFailed(new Error('not yet'), token, false)
    job = await next()
    if (job.name === 'retried') throw new Error('another order')
    await job.moveToCompleted('sent', 'not mine', false).catch((error) => console.log('refused', error.message.replace(/\\d+/g, 'n')))
    await job.moveToCompleted('sent', token, false)
    job = await next()
    const [data, id] = await job.moveToCompleted('sent', token, true)
    console.log('got', id, typeof data)
    job = await queue.getJob(id)
    await job.moveToCompleted('sent', token, false)
    job = await next()
    await job.moveToCompleted('sent', token, false)
    console.log(JSON.stringify(await queue.getJobCounts()), (await worker.getNextJob(token, { block: false })) === undefined)
    const { name, length } = Worker.prototype.getNextJob
    console.log(name, length, Object.getOwnPropertyNames(Worker.prototype).join())
    await worker.close()
    await beside.close()
    await queue.close()
    await others.close()
    process.exit(0)`
  const { bare, watched, told } = await runBoth(program, 'module')
  expect(bare).toMatchObject({ code: 0, stderr: '' })
  expect(watched).toEqual(bare)
  const [{ attempts, queues, said }] = told as [Told]
  expect(attempts.map(outcome)).toEqual([
    'other completed',
    'mail completed',
    'mail failed E_NO_ANSWER',
    'mail failed not yet',
    'mail completed',
    'mail completed',
    'mail completed',
    'mail completed',
  ])
  expect(attempts[1]!.durationMs).toBeGreaterThan(35)
  expect(queues.map(({ name }) => name)).toEqual(['other', 'mail'])
  expect(said).toEqual([])
})

test('what is wrong with taking a job by hand reaches the service, and nobody else', async () => {
  const program = `
    const worker = new Worker('mail', null, { connection })
    await worker.close()
    process.on('unhandledRejection', (error) => console.log('unhandled', error.message))
    await worker.getNextJob('mine').catch((error) => console.log('told', error.message))
    void worker.getNextJob('mine')
    await new Promise((resolve) => setTimeout(resolve, 50))
    process.exit(0)`
  const { bare, watched } = await runBoth(program, 'module')
  expect(watched).toEqual(bare)
})

test('workers that the service pauses are told of once all of a queue are', async () => {
  const program = `
    const work = async () => {}
    const [one, other, third] = ['mail', 'mail', 'digests'].map((name) => new Worker(name, work, { connection }))
    for (const worker of [one, other, third]) await worker.waitUntilReady()
    await one.pause()
    await one.pause()
    console.log(one.isPaused(), other.isPaused())
    await other.pause(true)
    other.resume()
    await third.pause()
    await other.close()
    for (const worker of [one, third]) await worker.close()`
  const { bare, watched, told } = await runBoth(program, 'module')
  expect(bare).toMatchObject({ code: 0, stderr: '', lines: ['true false'] })
  expect(watched).toEqual(bare)
  expect(told[0]!.rests).toEqual(['mail rests', 'mail goes on', 'digests rests', 'mail rests', 'mail goes on', 'digests goes on'])
})
