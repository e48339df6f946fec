/** The relay on servers that allow it less: with the rights of docs/acl/relay.acl, and without the commands of Redis 7. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test, vi } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { readRelayConfig } from '../../src/relay/relay-config.ts'
import { Relay } from '../../src/relay/relay.ts'
import type { RelayEvent } from '../../src/relay/target-report.ts'
import { allShards } from '../../src/wire/names.ts'
import { createReader } from '../../src/wire/redis-client.ts'
import { startReceiver } from '../relay/receiver.ts'
import { writeTransition } from '../relay/transitions.ts'
import { startRedis } from './real-redis.ts'

function aclFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'otel-health-relay-acl-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const relay = readFileSync(fileURLToPath(new URL('../../docs/acl/relay.acl', import.meta.url)), 'utf8')
  const file = join(folder, 'users.acl')
  writeFileSync(file, `user default on nopass ~* &* +@all\n${relay.trim()} >password\n`)
  return file
}

test.for([
  {
    why: 'with no more rights than relay.acl gives',
    args: () => ['--aclfile', aclFile()],
    credentials: { username: 'health-relay', password: 'password' },
  },
  {
    why: 'on a server that has no EVALSHA_RO',
    args: () => ['--rename-command', 'EVALSHA_RO', '', '--rename-command', 'EVAL_RO', ''],
    credentials: {},
  },
])('$why it claims, reads, passes on and gives back', async ({ args, credentials }) => {
  const server = await startRedis({ args: args() })
  onTestFinished(() => server.stop())
  const receiver = await startReceiver()
  onTestFinished(() => receiver.close())
  const redis = new Redis(server.port)
  onTestFinished(() => redis.disconnect())
  const client = await createReader({ host: '127.0.0.1', port: server.port, ...credentials }, { timeoutMs: 2000, reconnect: true })
  onTestFinished(() => client.disconnect())
  client.on('error', () => {})
  await client.connect()
  const events: RelayEvent[] = []
  const targets = readRelayConfig(
    {
      targets: [
        { type: 'webhook', url: receiver.url },
        { type: 'alertmanager', url: receiver.url },
      ],
    },
    {},
  )
  await writeTransition(redis, { alert_id: 'before' })
  const relay = new Relay({ client, shards: allShards(1), targets, clock: systemClock, say: (event) => events.push(event), pollMs: 50 })
  relay.start()
  await vi.waitUntil(() => receiver.received.length >= 2, { timeout: 10_000, interval: 20 })
  const id = await writeTransition(redis)
  await vi.waitUntil(() => receiver.ids.includes(id) && receiver.received.length >= 4, { timeout: 10_000, interval: 20 })
  await relay.stop(1000)
  expect(events.map(({ event }) => event)).toEqual(['claimed', 'claimed'])
  expect(await redis.keys('*:claim')).toEqual([])
})
