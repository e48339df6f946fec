/** A service that ends in its own time is not cut short by a signal that reached it and the supervisor: real processes, and whoever signals both. */
import { afterEach, expect, test } from 'vitest'

import { startValkey } from '../../examples/valkey/start-valkey.ts'
import { HealthMessages } from './health-messages.ts'
import { RunProcess, WATCHED } from './run-process.ts'

let run: RunProcess | undefined
afterEach(() => run?.end())

/** A second one ends it on the spot. */
const ENDS_IN_ITS_OWN_TIME = `
process.once('SIGTERM', () => setTimeout(() => { console.log('had ended its work'); process.exit(7) }, 1500))
console.log('started ' + process.pid)
setInterval(() => {}, 1000)`

test.for([
  { who: 'the process first', to: (supervisor: number, service: number) => [service, supervisor] },
  { who: 'the supervisor first', to: (supervisor: number, service: number) => [supervisor, service] },
  { who: 'the supervisor alone', to: (supervisor: number) => [supervisor] },
])('SIGTERM to $who is one to the service', { timeout: 90_000 }, async ({ to }, { onTestFinished }) => {
  const valkey = await startValkey()
  onTestFinished(() => valkey.stop())
  const heard = await HealthMessages.on(valkey.port)
  onTestFinished(() => heard.close())
  run = new RunProcess({
    command: [...WATCHED.slice(0, -1), '--eval', ENDS_IN_ITS_OWN_TIME],
    env: {
      ...{ HEALTH_SERVICE_NAME: 'orders', HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port) },
      HEALTH_PUBLISHING_INTERVAL: '1',
    },
  })
  const service = await run.started(1)
  await heard.status('orders', ({ phase, supervised }) => phase === 'running' && supervised === true)
  for (const pid of to(run.process.pid!, service)) process.kill(pid, 'SIGTERM')
  expect(await run.ended).toEqual({ code: 7, signal: null })
  expect(run.lines).toEqual([`started ${service}`, 'had ended its work'])
})
