/**
 * The first quarter of an hour of somebody new, in the three projects that most people have: the packed package installed, `otel-health init`,
 * the start that it says, and `otel-health status`, whose rates are those of the work that was done.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { listening } from '../support/upstream.ts'
import { FAILURES, newcomerProjects, PIECES, type NewcomerProject } from './newcomer-projects.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const NPM = process.env['npm_execpath'] ?? ''

let work: string
let tarball: string
let valkey: EmbeddedValkey
let mails: Server
let projects: readonly NewcomerProject[]
const services: ChildProcess[] = []

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'otel-health-newcomer-'))
  const { stdout } = await run(process.execPath, [NPM, 'pack', '--silent', '--pack-destination', work], { cwd: ROOT })
  tarball = join(work, stdout.trim().split('\n').at(-1)!)
  valkey = await startValkey()
  let requests = 0
  mails = createServer((_, answer) => void answer.writeHead(requests++ % (PIECES / FAILURES) === 0 ? 500 : 200).end())
  projects = newcomerProjects({ redis: valkey.port, mails: await listening(mails) })
})
afterAll(async () => {
  for (const { pid } of services) process.kill(-pid!, 'SIGKILL')
  mails?.close()
  await valkey?.stop()
  await rm(work, { recursive: true, force: true })
})

/** As in a shell of somebody who has nothing but Node. */
function env(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...{ PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`, HEALTH_REDIS_PORT: String(valkey.port) },
    ...{ HEALTH_PUBLISHING_INTERVAL: '1', OTEL_METRICS_EXPORTER: 'none', NODE_OPTIONS: '', NO_COLOR: '1' },
  }
}

async function npm(cwd: string, ...args: readonly string[]): Promise<string> {
  return (await run(process.execPath, [NPM, ...args], { cwd, env: env() })).stdout
}

async function otelHealth(cwd: string, ...args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return await run(process.execPath, [join(cwd, 'node_modules/otel-health/dist/cli/main.js'), ...args], { cwd, env: env() })
}

async function made({ name, packageJson, packages, files }: NewcomerProject): Promise<string> {
  const folder = join(work, name)
  await mkdir(join(folder, 'src'), { recursive: true })
  if (packageJson) await writeFile(join(folder, 'package.json'), `${JSON.stringify(packageJson, null, 2)}\n`)
  else await npm(folder, 'init', '-y')
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text)
  await npm(folder, 'install', tarball, ...packages, '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline')
  return folder
}

interface Shown {
  readonly services: readonly {
    readonly status: string
    readonly instances: readonly { readonly metrics: Readonly<Record<string, unknown>> }[]
  }[]
}

test.concurrent.for(['plain', 'resizer', 'shop'])('%s', { timeout: 180_000 }, async (name) => {
  const project = projects.find((each) => each.name === name)!
  const folder = await made(project)

  const shownOnly = await otelHealth(folder, 'init')
  expect(shownOnly.stderr).toMatch(/^Nothing is written/)
  const written = await otelHealth(folder, 'init', '--yes')
  expect(written.stderr).toBe('')
  expect(written.stdout).toContain(`+++ ${project.config}\n`)
  const { scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
  expect(scripts['start']).toBe(project.start)
  const again = await otelHealth(folder, 'init', '--yes')
  expect(again.stdout).toMatch(/is there already, and stays as it is\.\nThere is nothing to write\./)

  for (const script of project.before) await npm(folder, 'run', script)
  const service = spawn(process.execPath, [NPM, 'start', '--silent'], {
    cwd: folder,
    env: env(),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  services.push(service)
  let said = ''
  service.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [done] = (await once(service.stdout.setEncoding('utf8'), 'data')) as [string]
  expect(done).toBe('done\n')

  const metrics = async (): Promise<Readonly<Record<string, unknown>>> => {
    // Exit 1 and no service until the first beat.
    const { stdout } = await otelHealth(folder, 'status', name, '--json').catch((error: { stdout: string }) => error)
    return stdout === '' ? {} : ((JSON.parse(stdout) as Shown).services[0]?.instances[0]?.metrics ?? {})
  }
  await expect.poll(metrics, { timeout: 90_000, interval: 1000 }).toMatchObject({
    success_rate_percent: 100 - (100 * FAILURES) / PIECES,
    work_rate_per_hour: expect.any(Number) as number,
  })
  const { stdout } = await otelHealth(folder, 'status', name)
  expect(stdout).toMatch(new RegExp(`^${name}  healthy\\n`))
  // The rate is of the time since the start: so many pieces within it.
  const uptime = Number(/up (\d+) s/.exec(stdout)![1])
  const perHour = Number(/work_rate_per_hour +([\d.]+)/.exec(stdout)![1])
  expect(Math.abs((perHour * uptime) / 3600 - PIECES)).toBeLessThan(PIECES * 0.15)
  expect(said).toBe('')
})
