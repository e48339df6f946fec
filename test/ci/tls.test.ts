/** TLS to the health Redis, at redis-server as it is packaged: the service and the command line, told by variables and by a URL. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'

import { REGISTER, ServiceProcess } from '../e2e/service-process.ts'
import { SELF_SIGNED } from '../support/self-signed.ts'
import { startRedis, type RealRedis } from './real-redis.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
/** Has the address 127.0.0.1 and the name localhost, of which the certificate is; this one it is not. */
const OTHER_NAME = '127.0.0.2'
const PASSWORD = 'hunter2-hunter2'

let redis: RealRedis
let folder: string
let ca: string
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'otel-health-tls-'))
  ca = join(folder, 'ca.pem')
  const key = join(folder, 'key.pem')
  writeFileSync(ca, SELF_SIGNED.cert)
  writeFileSync(key, SELF_SIGNED.key)
  writeFileSync(join(folder, 'service.mjs'), 'setInterval(() => {}, 1000)\n')
  const files = ['--tls-cert-file', ca, '--tls-key-file', key, '--tls-ca-cert-file', ca, '--tls-auth-clients', 'no']
  redis = await startRedis({
    args: [...files, '--requirepass', PASSWORD, '--bind', '127.0.0.1', OTHER_NAME],
    client: { tls: { ca: SELF_SIGNED.cert }, password: PASSWORD },
  })
  env = { HEALTH_REDIS_PORT: String(redis.port), HEALTH_REDIS_PASSWORD: PASSWORD, HEALTH_REDIS_TLS: 'true' }
})
afterAll(async () => {
  await redis?.stop()
  rmSync(folder, { recursive: true })
})

const WAYS: readonly { readonly way: string; readonly env: () => NodeJS.ProcessEnv }[] = [
  { way: 'HEALTH_REDIS_TLS and HEALTH_REDIS_CA', env: () => ({ ...env, HEALTH_REDIS_HOST: 'localhost', HEALTH_REDIS_CA: ca }) },
  { way: 'by address', env: () => ({ ...env, HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_CA: ca }) },
  {
    way: 'a rediss:// URL',
    env: () => ({ HEALTH_REDIS_URL: `rediss://:${PASSWORD}@localhost:${redis.port}`, HEALTH_REDIS_CA: ca }),
  },
  {
    way: 'a rediss:// URL with a database of its own',
    env: () => ({ HEALTH_REDIS_URL: `rediss://default:${PASSWORD}@127.0.0.1:${redis.port}/3`, HEALTH_REDIS_CA: ca }),
  },
]

const REFUSED: readonly {
  readonly why: string
  readonly env: () => NodeJS.ProcessEnv
  readonly service: RegExp
  readonly cli: RegExp
}[] = [
  {
    why: 'an unknown CA',
    env: () => ({ ...env, HEALTH_REDIS_HOST: 'localhost' }),
    service: /Redis at localhost:\d+ takes no messages \((DEPTH_ZERO_)?SELF_SIGNED_CERT/,
    cli: /at localhost:\d+: its TLS certificate is signed by nobody known here\. Set HEALTH_REDIS_CA to/,
  },
  {
    why: 'a certificate of another name',
    env: () => ({ ...env, HEALTH_REDIS_HOST: OTHER_NAME, HEALTH_REDIS_CA: ca }),
    service: /Redis at 127\.0\.0\.2:\d+ takes no messages \(ERR_TLS_CERT_ALTNAME_INVALID\)/,
    cli: /at 127\.0\.0\.2:\d+: its TLS certificate is for another name\. Name the server as the certificate does/,
  },
  {
    why: 'a CA that is not there',
    env: () => ({ ...env, HEALTH_REDIS_HOST: 'localhost', HEALTH_REDIS_CA: join(folder, 'none.pem') }),
    service: /Redis at localhost:\d+ takes no messages \(ENOENT\)/,
    cli: /the file of HEALTH_REDIS_CA cannot be read as a certificate\. Set HEALTH_REDIS_CA to/,
  },
]

function start(name: string, given: NodeJS.ProcessEnv): ServiceProcess {
  const service = new ServiceProcess({
    service: name,
    script: 'service.mjs',
    folder,
    node: ['--import', REGISTER],
    env: { ...given, HEALTH_SERVICE_NAME: name, HEALTH_PUBLISHING_INTERVAL: '1' },
  })
  service.ledger.catch(() => {})
  onTestFinished(async () => void (await service.stop()))
  return service
}

async function cli(args: readonly string[], given: NodeJS.ProcessEnv): Promise<{ code: number; out: string; talk: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'], ...given },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', talk: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.talk += text))
  const [code] = (await once(child, 'close')) as [number]
  return { code, ...said }
}

/** Its own words, one a line. */
function saidBy(service: ServiceProcess): string[] {
  return service.output.split('\n').filter((line) => line.startsWith('otel-health: '))
}

test.for(WAYS.map((way, i) => ({ ...way, name: `over-tls-${i}` })))('$way', async ({ name, env: given }) => {
  const service = start(name, given())
  await expect
    .poll(async () => (await cli(['status', name, '--json'], given())).out, { timeout: 30_000, interval: 500 })
    .toContain(`"service":"${name}"`)
  expect(await cli(['status', name], given())).toMatchObject({ code: 0, talk: '' })
  expect(saidBy(service)).toEqual([])
  expect(service.output).not.toContain(PASSWORD)
})

test('a URL names the database that the service writes to', async () => {
  const client = new Redis({ port: redis.port, password: PASSWORD, tls: { ca: SELF_SIGNED.cert } })
  onTestFinished(() => client.disconnect())
  await client.select(3)
  expect(await client.keys('*')).toEqual(expect.arrayContaining([expect.stringContaining('{health}:')]) as string[])
})

test.for(REFUSED.map((refused, i) => ({ ...refused, name: `refused-${i}` })))('refused: $why', async (refused) => {
  const service = start(refused.name, refused.env())
  await expect.poll(() => saidBy(service), { timeout: 30_000 }).toEqual([expect.stringMatching(refused.service) as string])
  const { code, talk } = await cli(['status'], refused.env())
  expect(code).toBe(3)
  expect(talk).toMatch(refused.cli)
  expect(talk.trim().split('\n')).toHaveLength(1)
  expect(talk).not.toContain(PASSWORD)
  // It tried again meanwhile, and has said it once.
  expect(saidBy(service)).toHaveLength(1)
})

test('a server that speaks no TLS is no server to one who demands it', async () => {
  const plain = await startRedis()
  onTestFinished(() => plain.stop())
  const { code, talk } = await cli(['status'], { HEALTH_REDIS_URL: `rediss://localhost:${plain.port}` })
  expect(code).toBe(3)
  expect(talk).toMatch(/No connection to the health Redis at localhost:\d+: /)
})
