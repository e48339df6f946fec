/**
 * Everything that a service is started by inherits NODE_OPTIONS: one service is one name, and one instance for each process that runs the
 * service's own code. The launchers are ours, made as those are that people have; the real ones are tried in test/ci.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { expectSilenceTold, launch, reporting } from '../support/launched.ts'

const TIMEOUT = { timeout: 90_000 }
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const NPM = process.env['npm_execpath'] ?? ''

const UP = 'console.log(`up ${process.pid}`)\nsetInterval(() => {}, 1000)\n'
const COMMAND = (name: string): string => JSON.stringify({ name, bin: 'cli.js' })

const FILES: Readonly<Record<string, string>> = {
  'package.json': '{ "name": "shop", "scripts": { "start": "node service.js" } }',
  'health.config.json': '{ "dependsOn": ["lake"] }',
  'service.js': UP,
  'tool.config.js': 'module.exports = {}',
  'twice.js': `${UP}if (!process.argv[2]) require('node:child_process').fork(__filename, ['again'])`,
  'forks.js': `${UP}require('node:child_process').fork('./helper.js')`,
  'helper.js': UP,
  'supervisor.js': `${UP}for (const file of ['./server.js', './helper.js']) require('node:child_process').fork(file)`,
  'server.js': `${UP}require('node:http').createServer().listen(0)`,
  'cluster.js': `${UP}const cluster = require('node:cluster')\nif (cluster.isPrimary) cluster.fork()`,
  'pooled.js': `${UP}require('pool')(require.resolve('./task.js'))`,
  'task.js': UP,
  'node_modules/starts/package.json': COMMAND('starts'),
  'node_modules/starts/cli.js': `require('node:child_process').spawn(process.execPath, process.argv.slice(2), { stdio: 'inherit' })\n${UP}`,
  'node_modules/loads/package.json': COMMAND('loads'),
  'node_modules/loads/cli.js': `process.argv.splice(1, 1)\nrequire('node:module').runMain(process.argv[1] = require('node:path').resolve(process.argv[1]))`,
  'node_modules/manages/package.json': COMMAND('manages'),
  'node_modules/manages/cli.js': `const script = require('node:path').resolve(process.argv[2])
const env = { ...process.env, name: process.argv[3], pm_id: '0', pm_exec_path: script }
require('node:child_process').fork(require.resolve('./container.js'), { env })\n${UP}`,
  'node_modules/manages/container.js': `import(require('node:url').pathToFileURL(process.env.pm_exec_path))`,
  'node_modules/serves/package.json': COMMAND('serves'),
  'node_modules/serves/cli.js': `require('node:http').createServer().listen(0)\n${UP}`,
  'node_modules/builds/package.json': COMMAND('builds'),
  'node_modules/builds/cli.js': `require('../../tool.config.js')
require('node:net').createServer().listen(0, '127.0.0.1')
new (require('node:worker_threads').Worker)('setInterval(() => {}, 1000)', { eval: true })
require('node:child_process').spawn(process.execPath, ['service.js'], { stdio: 'inherit' })\n${UP}`,
  'node_modules/pool/package.json': '{ "name": "pool", "main": "index.js" }',
  'node_modules/pool/index.js': `module.exports = (task) => require('node:child_process').fork(require.resolve('./child.js'), [task])`,
  'node_modules/pool/child.js': 'require(process.argv[2])',
  'node_modules/my-service/package.json': COMMAND('my-service'),
  'node_modules/my-service/cli.js': `const { Worker } = require('bullmq')
const connection = { host: '127.0.0.1', port: Number(process.env.HEALTH_REDIS_PORT) }
new Worker('mails', async () => {}, { connection })\n${UP}`,
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'otel-health-'))
  for (const [file, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  symlinkSync(ROOT, join(folder, 'node_modules/otel-health'))
  symlinkSync(join(ROOT, 'node_modules/bullmq'), join(folder, 'node_modules/bullmq'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const command = (name: string): string => `node_modules/${name}/cli.js`

interface Row {
  readonly why: string
  readonly args: readonly string[]
  /** Processes that say that they are up, the silent ones among them. */
  readonly processes?: number
  readonly service?: string
  readonly instances?: number
}

const rows: readonly Row[] = [
  { why: 'node itself', args: ['service.js'] },
  { why: 'a launcher that nobody has heard of, which starts it', args: [command('starts'), 'service.js'], processes: 2 },
  { why: 'a launcher that starts a launcher', args: [command('starts'), command('starts'), 'service.js'], processes: 3 },
  { why: 'a launcher that loads it in its own process', args: [command('loads'), 'service.js'] },
  { why: 'a process manager, which names it', args: [command('manages'), 'service.js', 'till'], processes: 2, service: 'till' },
  { why: 'a tool that reads its configuration, has threads and a port of its own', args: [command('builds')], processes: 2 },
  { why: 'a framework that listens for it', args: [command('serves')] },
  { why: 'nobody: a package that has the work itself', args: [command('my-service')], service: 'my-service' },
  { why: 'node, and starts a second process of its own script', args: ['twice.js'], processes: 2, instances: 2 },
  { why: 'node, in a cluster', args: ['cluster.js'], processes: 2, instances: 2 },
  { why: 'node, and has a helper of its own', args: ['forks.js'], processes: 2 },
  { why: 'node, and starts a server and a helper of its own', args: ['supervisor.js'], processes: 3, instances: 2 },
  { why: 'node, and has a helper of a library', args: ['pooled.js'], processes: 2 },
]

describe('one service, one instance a process', () => {
  test.concurrent.for(rows)('started by $why', TIMEOUT, async (row, { onTestFinished }) => {
    const { args, processes = 1, service = 'shop', instances = 1 } = row
    const launched = await launch([process.execPath, ...args], { cwd: folder, processes, interval: 0.5, onTestFinished })
    expect({ reporting: await reporting(launched, instances), stderr: launched.stderr }).toEqual({
      reporting: { [service]: Array.from({ length: instances }, () => ['lake']) },
      stderr: '',
    })
  })
})

test('a service that npm started is told of when it is frozen, for npm does not beat for it', TIMEOUT, async ({ onTestFinished }) => {
  const launched = await launch([process.execPath, NPM, 'start'], { cwd: folder, processes: 1, interval: 1, onTestFinished })
  expect(await reporting(launched, 1)).toEqual({ shop: [['lake']] })
  await expectSilenceTold(launched, 'shop')
})
