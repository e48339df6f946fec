/** Starting under register, where the start itself is what is looked at. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

import { afterAll, expect, test } from 'vitest'

import { REGISTER } from './service-process.ts'

/** No Redis is there, and nothing is exported: how the service starts and ends does not depend on it. */
const ALONE = { HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: '1', OTEL_METRICS_EXPORTER: 'none' }
const TIMEOUT = { timeout: 60_000 }

const folder = mkdtempSync(join(tmpdir(), 'otel-health-'))
writeFileSync(join(folder, 'health.config.json'), '{ "serviceName": "alone", "queues": { "jobs": { "key": "jobs", "type": "list" } } }')
afterAll(() => rmSync(folder, { recursive: true }))

async function run(args: readonly string[], { env = {}, stdin = '', cwd = folder } = {}) {
  const child = spawn(process.execPath, ['--import', REGISTER, ...args], { cwd, env: { ...process.env, ...ALONE, ...env } })
  child.stdin.end(stdin)
  const [stdout, stderr, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { stdout, code: code as number | null, signal: signal as string | null, stderr }
}

test('disable() restores every function, and the process ends by itself', TIMEOUT, async () => {
  const script = fileURLToPath(new URL('./fixtures/disable/service.mjs', import.meta.url))
  const { stdout, code } = await run([script])
  expect(JSON.parse(stdout)).toEqual({ changed: true, result: 7, text: 'async work() {\n    return 7\n  }' })
  expect(code).toBe(0)
})

test.for([
  { why: 'a script given as text', args: ['-e', 'console.log(7)', 'argument'] },
  { why: 'a script from the standard input', args: ['-'], stdin: 'console.log(7)' },
  {
    why: 'a worker thread of a script given as text',
    args: ['-e', `new (require('node:worker_threads').Worker)('console.log(7)', { eval: true })`],
  },
  { why: 'a URL of the service that nobody can read', args: ['-e', 'console.log(7)'], env: { REDIS_URL: 'redis://:p%ss@h:6379' } },
  { why: 'a port that Kubernetes set', args: ['-e', 'console.log(7)'], env: { REDIS_PORT: 'tcp://10.0.0.1:6379' } },
])('the service runs beside a health.config: $why', TIMEOUT, async ({ args, ...more }) => {
  expect(await run(args, more)).toMatchObject({ stdout: '7\n', code: 0 })
})

test.for([
  { why: 'by its path', link: false },
  { why: 'by the link that npm makes', link: true },
])('the command line of otel-health is no service, whatever NODE_OPTIONS it inherits: started $why', TIMEOUT, async ({ link }) => {
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
  const script = link ? join(folder, 'otel-health') : main
  if (link) symlinkSync(main, script)
  // As a service it would not start at all.
  const broken = { HEALTH_PUBLISHING_INTERVAL: 'often' }
  expect(await run([script, '--help'], { env: broken })).toMatchObject({ code: 0, stderr: '' })
  expect(await run(['-e', ''], { env: broken })).toMatchObject({ code: 1 })
})
