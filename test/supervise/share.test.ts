/** Three instances that all want to be started again at the same moment are so one after the other. */
import { Redis } from 'ioredis'
import { expect, onTestFinished, test, vi } from 'vitest'

import { startValkey } from '../../examples/valkey/start-valkey.ts'
import type { Phase } from '../../src/types.ts'
import { parseMessage } from '../../src/wire/message.ts'
import { shardNames } from '../../src/wire/names.ts'
import { RunProcess, WATCHED } from '../e2e/run-process.ts'

const INSTANCES = ['i1', 'i2', 'i3']
const soon = { timeout: 120_000, interval: 50 }

test('two of three are there all the time, though all three have too much memory in use at once', { timeout: 240_000 }, async () => {
  const valkey = await startValkey()
  const listening = new Redis(valkey.port)
  const runs = new Map(
    INSTANCES.map((instance) => {
      const env = {
        ...{ HEALTH_SERVICE_NAME: 'orders', HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port) },
        ...{ HEALTH_PUBLISHING_INTERVAL: '1', OTEL_RESOURCE_ATTRIBUTES: `service.instance.id=${instance}` },
      }
      return [instance, new RunProcess({ command: WATCHED, options: ['--grace', '5s', '--max-memory', '300M'], env })] as const
    }),
  )
  onTestFinished(async () => {
    listening.disconnect()
    await Promise.all([...runs.values()].map((run) => run.end()))
    await valkey.stop()
  })
  const phases = new Map<string, Phase>()
  /** At each message: who drains or has ended, and has nobody yet in its place. */
  const gone: (readonly string[])[] = []
  await listening.subscribe(shardNames().statusChannel('orders'))
  listening.on('message', (channel: string, text: string) => {
    const message = parseMessage(channel, text)
    if (message?.channel !== 'status') return
    phases.set(message.instance, message.phase)
    gone.push(INSTANCES.filter((each) => ['draining', 'stopped'].includes(phases.get(each)!) && runs.get(each)!.pids.length < 2))
  })
  const allRun = () => vi.waitFor(() => expect(INSTANCES.map((each) => phases.get(each))).toEqual(['running', 'running', 'running']), soon)
  await allRun()
  for (const run of runs.values()) run.tell('leak 350')
  await Promise.all([...runs.values()].map((run) => run.started(2)))
  await allRun()
  expect([...runs.values()].map(({ pids }) => pids.length)).toEqual([2, 2, 2])
  expect([...new Set(gone.flat())].toSorted()).toEqual(INSTANCES)
  expect(gone.filter((those) => those.length > 1)).toEqual([])
})
