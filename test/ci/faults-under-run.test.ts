/**
 * Five services under `otel-health run`, and faults by chance: FAULTS of them. Each is started again exactly where docs/supervise.md says, its
 * death is announced in time, and no work is lost or done twice. The package as it is built.
 */
import { fileURLToPath } from 'node:url'

import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { parseMessage } from '../../src/wire/message.ts'
import type { StatusMessage } from '../../src/wire/status-message.ts'
import { RunProcess } from '../e2e/run-process.ts'

const FAULTS = Number(process.env['FAULTS'] ?? 10)
const SEED = Number(process.env['SEED'] ?? 1)
const SERVICES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon']
const FOLDER = fileURLToPath(new URL('./fixtures/leased-work/', import.meta.url))
/** Or a copy of it, which nobody builds anew during a long series. */
const DIST = process.env['FAULTS_DIST'] ?? fileURLToPath(new URL('../../dist/', import.meta.url))
/** Of a death, from when the process was gone. */
const ANNOUNCED_MS = 3000
const soon = { timeout: 60_000, interval: 50 }

interface Fault {
  readonly name: string
  readonly restarts: boolean
  readonly begin: (service: Service) => void
  /** Of what restarts nothing: how it is over. */
  readonly end?: (service: Service) => void
}

const FAULT_LIST: readonly Fault[] = [
  { name: 'a crash', restarts: true, begin: ({ run }) => run.tell('throw') },
  { name: 'an exit code', restarts: true, begin: ({ run }) => run.tell('exit 75') },
  { name: 'SIGKILL', restarts: true, begin: ({ run }) => void process.kill(run.pids.at(-1)!, 'SIGKILL') },
  { name: 'SIGSTOP', restarts: true, begin: ({ run }) => void process.kill(run.pids.at(-1)!, 'SIGSTOP') },
  { name: 'a blocked loop', restarts: true, begin: ({ run }) => run.tell('block') },
  { name: 'a leak', restarts: true, begin: ({ run }) => run.tell('leak 600') },
  {
    name: 'an upstream that is out',
    restarts: false,
    begin: ({ run }) => run.tell('upstream down'),
    end: ({ run }) => run.tell('upstream up'),
  },
  { name: 'its Redis is out', restarts: false, begin: () => freeze(1), end: () => freeze(-1) },
]

interface Service {
  readonly name: string
  readonly run: RunProcess
}

let health: EmbeddedValkey
let queue: EmbeddedValkey
let own: Redis
let listening: Redis
const deaths: { readonly service: string; readonly tookMs: number; readonly exit: StatusMessage['exit'] }[] = []
const beats = new Map<string, number>()
let frozen = 0

beforeAll(async () => {
  ;[health, queue] = await Promise.all([startValkey(), startValkey()])
  own = new Redis(queue.port)
  listening = new Redis(health.port)
  await listening.psubscribe('health:*')
  listening.on('pmessage', (_pattern: string, channel: string, text: string) => {
    const message = parseMessage(channel, text)
    if (message?.channel !== 'status') return
    if (message.exit) deaths.push({ service: message.service, tookMs: Date.now() - Date.parse(message.since), exit: message.exit })
    else if (message.phase === 'running') beats.set(message.service, (beats.get(message.service) ?? 0) + 1)
  })
})
afterAll(async () => {
  own.disconnect()
  listening.disconnect()
  await Promise.all([health.stop(), queue.stop()])
})

/** The queue is frozen while any service has that fault; the health Redis is not, for deaths are to be announced meanwhile. */
function freeze(by: 1 | -1): void {
  frozen += by
  if (frozen === 1 && by === 1) queue.kill('SIGSTOP')
  if (frozen === 0) queue.kill('SIGCONT')
}

function chance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

function start(name: string): Service {
  const options = [
    '--grace',
    '1s',
    '--hang-limit',
    '3s',
    '--kill-after',
    '1s',
    '--max-memory',
    '400M',
    '--max-restarts',
    '1000',
    '--period',
    '1h',
  ]
  const run = new RunProcess(
    {
      command: [
        process.execPath,
        `${DIST}bin.cjs`,
        'run',
        ...options,
        '--',
        process.execPath,
        '--import',
        `${DIST}register.js`,
        `${FOLDER}worker.js`,
      ],
      env: {
        ...{ HEALTH_SERVICE_NAME: name, HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(health.port) },
        ...{ HEALTH_PUBLISHING_INTERVAL: '1', QUEUE_URL: `redis://127.0.0.1:${queue.port}` },
      },
    },
    true,
  )
  return { name, run }
}

/** So that it is up, and past its grace. */
async function beaten(name: string, times: number): Promise<void> {
  const until = (beats.get(name) ?? 0) + times
  await vi.waitFor(() => expect(beats.get(name) ?? 0).toBeGreaterThanOrEqual(until), soon)
}

async function suffer(service: Service, fault: Fault): Promise<void> {
  const { name, run } = service
  const [startedBefore, diedBefore] = [run.pids.length, deaths.filter((each) => each.service === name).length]
  fault.begin(service)
  if (fault.restarts) {
    await run.started(startedBefore + 1)
    await vi.waitFor(() => expect(deaths.filter((each) => each.service === name)).toHaveLength(diedBefore + 1), soon)
    await beaten(name, 4)
  } else {
    await beaten(name, 6)
    fault.end!(service)
    await beaten(name, 1)
  }
  expect({ fault: fault.name, starts: run.pids.length - startedBefore }).toEqual({ fault: fault.name, starts: fault.restarts ? 1 : 0 })
}

test(
  `${FAULTS} faults in five services: started again where the table says, announced in time, no work lost or done twice`,
  async () => {
    const jobs = FAULTS * 100
    for (let i = 0; i < jobs; i++) await own.lpush('waiting', `job-${i}`)
    const services = SERVICES.map(start)
    const counts = new Map<string, number>()
    try {
      await Promise.all(services.map(({ name }) => beaten(name, 4)))
      const random = chance(SEED)
      const plan = Array.from({ length: FAULTS }, (_, i) => ({
        of: i % services.length,
        // Each once, and then by chance.
        fault: FAULT_LIST[i] ?? FAULT_LIST[Math.floor(random() * FAULT_LIST.length)]!,
      }))
      await Promise.all(
        services.map(async (service, i) => {
          for (const { of, fault } of plan) {
            if (of !== i) continue
            await suffer(service, fault)
            counts.set(fault.name, (counts.get(fault.name) ?? 0) + 1)
          }
        }),
      )
      await vi.waitFor(async () => expect(await own.hlen('ledger')).toBe(jobs), { timeout: 600_000, interval: 200 })
      const done = await own.hvals('ledger')
      expect(done.filter((times) => times !== '1')).toEqual([])
      const took = deaths.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b)
      expect(took.filter((ms) => ms > ANNOUNCED_MS)).toEqual([])
      console.info(
        `${FAULTS} faults (${[...counts].map(([name, n]) => `${name} ${n}`).join(', ')}): ${deaths.length} deaths announced after ${took[took.length >> 1]} ms in the median, ${took.at(-1)} ms at most; ${jobs} jobs done once each`,
      )
    } finally {
      await Promise.all(services.map(({ run }) => run.end()))
    }
  },
  Math.max(300_000, FAULTS * 20_000),
)
