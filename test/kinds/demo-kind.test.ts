/**
 * What a new kind of service costs: a folder and a line. The sources are copied beside themselves, both are added there, and everything that
 * goes through the list knows the kind.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { startValkey } from '../../examples/valkey/start-valkey.ts'
import { HealthMessages } from '../e2e/health-messages.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FOLDER = fileURLToPath(new URL('./fixtures/demo-kind/', import.meta.url))
const SERVICE = fileURLToPath(new URL('./fixtures/dripping-tap/', import.meta.url))
const LINE = "export { demoKind } from './demo-kind/kind.ts'\n"

const run = promisify(execFile)

let copy: string
beforeAll(async () => {
  // Within the project, so that its packages are found.
  await mkdir(join(ROOT, '.cache'), { recursive: true })
  copy = await mkdtemp(join(ROOT, '.cache/demo-kind-'))
  for (const folder of ['src', 'scripts']) await cp(join(ROOT, folder), join(copy, folder), { recursive: true })
  const kind = join(copy, 'src/kinds/demo-kind')
  await mkdir(kind)
  for (const name of await readdir(FOLDER)) {
    // The folder is read by the compiler where it is now, and runs where a kind belongs.
    await writeFile(
      join(kind, name),
      (await readFile(join(FOLDER, name), 'utf8')).replaceAll('../../../../src/kinds/', '../').replaceAll('../../../../src/', '../../'),
    )
  }
  await appendFile(join(copy, 'src/kinds/list.ts'), LINE)
})
afterAll(async () => await rm(copy, { recursive: true, force: true }))

test('the reference has its rules and metrics', async () => {
  const url = JSON.stringify(join(copy, 'scripts/reference.ts'))
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', `process.stdout.write((await import(${url})).reference())`])
  expect(stdout).toContain('## Rules of a dripping tap\n\nFor a service that drips.')
  expect(stdout).toContain('| `many_drops_missed` | 0 s | 120 s | More than 2 drops in 10 seconds fell beside the bucket. |')
  expect(stdout).toContain('| `demo_kind.drops` | `demo_kind_drops_total` | Counter `{drop}` |')
})

test('it has a dashboard of its own, and is among all services', async () => {
  const made = join(copy, 'made')
  await run(process.execPath, [join(copy, 'src/cli/main.ts'), 'dashboards', made], { cwd: SERVICE })
  const [own, fleet] = await Promise.all(
    ['demo-kind', 'fleet'].map(async (name) => await readFile(join(made, `otel-health-${name}.json`), 'utf8')),
  )
  expect((JSON.parse(own!) as { panels: { title: string }[] }).panels.map(({ title }) => title)).toContain('Drops a second')
  expect(fleet).toContain('increase(demo_kind_drops_total{')
  expect(fleet).toContain('/d/otel-health-demo-kind?')
})

test('a service is judged as one, and its rule fires', { timeout: 60_000 }, async () => {
  const valkey = await startValkey()
  const messages = await HealthMessages.on(valkey.port)
  const service = spawn(process.execPath, ['--import', join(copy, 'src/register.ts'), join(SERVICE, 'service.js')], {
    cwd: SERVICE,
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      OTEL_METRICS_EXPORTER: 'none',
      HEALTH_REDIS_HOST: '127.0.0.1',
      HEALTH_REDIS_PORT: String(valkey.port),
      HEALTH_PUBLISHING_INTERVAL: '1',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(service, 'close')
  try {
    const fired = await messages.alert('tap', ({ rule }) => rule === 'many_drops_missed')
    expect(fired).toMatchObject({ type: 'fired', message: expect.stringMatching(/drops fell beside the bucket/) as string })
    const status = await messages.status('tap', ({ alerts }) => alerts.length > 0)
    expect(status).toMatchObject({ kind: 'demo_kind', status: 'degraded' })
  } finally {
    service.kill('SIGKILL')
    await ended
    messages.close()
    await valkey.stop()
  }
})
