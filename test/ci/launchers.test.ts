/**
 * The launchers, watchers, process managers and worker pools that Node services are started with and use, as npm installs them: one
 * service of the right name and health.config, one instance for each process that runs its code, and told of in time when it is frozen.
 */
import { execFile, spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { expectSilenceTold, launch, reporting } from '../support/launched.ts'
import { SdkProjects } from './sdk-projects.ts'

const run = promisify(execFile)

const PACKAGES = {
  ...{ pnpm: '^9', yarn: '^1', nodemon: '^3', tsx: '^4', 'ts-node': '^10', typescript: '^5', concurrently: '^9', forever: '^4' },
  ...{ pm2: '^7', 'node-dev': '^8', 'ts-node-dev': '^2', '@nestjs/cli': '^11', next: '^16', react: '^19', 'react-dom': '^19' },
  ...{ 'jest-worker': '^30', piscina: '^5', tinypool: '^2', bull: '^4', '@types/node': '^22' },
}

const UP = 'console.log(`up ${process.pid}`)\nsetInterval(() => {}, 1000)\n'
const POOLED = 'console.log(`up ${process.pid}`)\n'

const FILES: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    name: '@acme/shop',
    scripts: { start: 'node service.js', nest: 'nest start' },
  }),
  'health.config.json': '{ "dependsOn": ["lake"] }',
  'tsconfig.json': JSON.stringify({
    compilerOptions: { module: 'commonjs', target: 'es2022', outDir: 'dist', skipLibCheck: true, types: ['node'] },
    include: ['src'],
  }),
  'nest-cli.json': '{ "sourceRoot": "src" }',
  'service.js': UP,
  'src/main.ts': UP,
  // Of a namespace of its own, whose processes have other ids outside.
  'one.js': `if (process.pid === 1) console.log('up ' + require('node:fs').readlinkSync('/proc/self'))\nsetInterval(() => {}, 1000)\n`,
  'apps.config.js': `module.exports = { apps: [{ name: 'till', script: 'service.js', instances: 2, exec_mode: 'cluster' }] }`,
  'next-app/package.json': '{ "name": "window", "scripts": { "start": "next start --port 0" } }',
  'next-app/health.config.json': '{ "dependsOn": ["lake"] }',
  'next-app/pages/index.js': 'export default () => null',
  'next-app/instrumentation.js': 'export const register = () => console.log(`up ${process.pid}`)',
  'jest.js': `${UP}const { Worker } = require('jest-worker')
const pool = new Worker(require.resolve('./task.js'), { numWorkers: 1, exposedMethods: ['run'], forkOptions: { stdio: 'inherit' } })
pool.getStdout()?.pipe(process.stdout)\npool.run()`,
  'piscina.js': `${UP}new (require('piscina').Piscina)({ filename: require.resolve('./task.js'), minThreads: 1 }).run()`,
  'tinypool.mjs': `${UP}import { Tinypool } from 'tinypool'
await new Tinypool({ filename: new URL('./task.mjs', import.meta.url).href, runtime: 'child_process', minThreads: 1 }).run()`,
  'task.js': `${POOLED}module.exports = () => 1\nmodule.exports.run = () => 1`,
  'task.mjs': `${POOLED}export default () => 1`,
  'bull.js': `${UP}const Queue = require('bull')
const queue = new Queue('mails', { redis: { host: '127.0.0.1', port: Number(process.env.HEALTH_REDIS_PORT) } })
queue.process(require.resolve('./task.js'))\nvoid queue.add({})`,
}

let folder: string
let projects: SdkProjects
beforeAll(async () => {
  projects = await SdkProjects.pack()
  folder = await projects.project(PACKAGES)
  for (const [file, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), text)
  }
})
afterAll(() => projects?.remove())

const bin = (name: string): string => join(folder, 'node_modules/.bin', name)
const npm = (...args: readonly string[]): readonly string[] => [process.execPath, process.env['npm_execpath'] ?? '', ...args]

interface Row {
  readonly why: string
  readonly command: () => readonly string[]
  /** Processes that say that they are up, silent helpers among them. */
  readonly processes?: number
  readonly service?: string
  readonly instances?: number
  /** In the project; default: the project itself. */
  readonly at?: string
  /** What has to be done before. */
  readonly prepare?: () => Promise<unknown>
}

const rows: Row[] = [
  { why: 'npm start', command: () => npm('start') },
  { why: 'npx', command: () => npm('exec', '--', 'tsx', 'src/main.ts') },
  { why: 'pnpm', command: () => [bin('pnpm'), 'start'] },
  { why: 'yarn', command: () => [bin('yarn'), 'start'] },
  { why: 'tsx', command: () => [bin('tsx'), 'src/main.ts'] },
  { why: 'ts-node', command: () => [bin('ts-node'), 'src/main.ts'] },
  { why: 'nodemon', command: () => [bin('nodemon'), 'service.js'] },
  { why: 'node --watch', command: () => [process.execPath, '--watch', 'service.js'] },
  { why: 'node-dev', command: () => [bin('node-dev'), 'service.js'] },
  { why: 'ts-node-dev', command: () => [bin('ts-node-dev'), 'src/main.ts'] },
  { why: 'concurrently', command: () => [bin('concurrently'), 'node service.js'] },
  { why: 'forever', command: () => [bin('forever'), 'service.js'] },
  { why: 'nest start', command: () => npm('run', 'nest') },
  {
    why: 'next start',
    command: () => npm('start'),
    at: 'next-app',
    prepare: () =>
      run(process.execPath, [bin('next'), 'build'], {
        cwd: join(folder, 'next-app'),
        env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
      }),
    service: 'window',
  },
  { why: 'PM2, fork', command: () => [bin('pm2-runtime'), '--raw', '--name', 'till', 'service.js'], service: 'till' },
  { why: 'PM2, cluster', command: () => [bin('pm2-runtime'), '--raw', 'apps.config.js'], processes: 2, instances: 2, service: 'till' },
  { why: 'PM2, npm', command: () => [bin('pm2-runtime'), '--raw', '--name', 'till', 'npm', '--', 'start'], service: 'till' },
]

/** As in a container, whose first process is the service. */
const first: Row = { why: 'node as pid 1', command: () => ['unshare', '--pid', '--fork', process.execPath, 'one.js'] }
if (spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0) rows.push(first)
else console.error(`"${first.why}" is not tried: unshare may make no PID namespace here, which takes root.`)

/** Nobody starts these but node; what they start is no instance. */
const pools: readonly Row[] = [
  { why: 'a child of jest-worker', command: () => [process.execPath, 'jest.js'], processes: 2 },
  { why: 'a thread of Piscina', command: () => [process.execPath, 'piscina.js'] },
  { why: 'a child of tinypool', command: () => [process.execPath, 'tinypool.mjs'], processes: 2 },
  { why: 'a sandbox of Bull', command: () => [process.execPath, 'bull.js'], processes: 2 },
]

/** Two at a time: each is as many processes as it takes. */
const lanes = [Promise.resolve(), Promise.resolve()]
function inLane(index: number, tried: () => Promise<void>): Promise<void> {
  const lane = index % lanes.length
  return (lanes[lane] = lanes[lane]!.then(tried, tried))
}

describe('one service, one instance a process', () => {
  test.concurrent.for([...rows, ...pools])('$why', { timeout: 300_000 }, async (row, { onTestFinished }) => {
    const index = [...rows, ...pools].indexOf(row)
    await inLane(index, async () => {
      const { command, processes = 1, service = 'shop', instances = 1, at = '.', prepare } = row
      await prepare?.()
      const env = { PM2_HOME: join(folder, `pm2-${index}`) }
      const launched = await launch(command(), { cwd: join(folder, at), env, processes, interval: 1, onTestFinished })
      expect({ reporting: await reporting(launched, instances), stderr: launched.stderr }).toEqual({
        reporting: { [service]: Array.from({ length: instances }, () => ['lake']) },
        stderr: expect.not.stringContaining('otel-health:') as string,
      })
      if (rows.includes(row)) await expectSilenceTold(launched, service)
    })
  })
})
