/**
 * A cluster whose primary is killed or frozen while alerts change twenty times a second: publishing resumes within two seconds of the
 * failover, and what is open afterwards is what is true. OTEL_HEALTH_TEST_FAULTS: 1 is ten times each, default 0.2.
 */
import { setTimeout as passed } from 'node:timers/promises'

import type { Cluster } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { alertId } from '../../src/wire/alert-id.ts'
import { startService } from '../support/service-child.ts'
import { RealCluster } from './real-cluster.ts'

const TIMES = Math.ceil(10 * Number(process.env['OTEL_HEALTH_TEST_FAULTS'] ?? 0.2))
const RESUMES_WITHIN_MS = 2000

let cluster: RealCluster
let reader: Cluster

beforeAll(async () => {
  cluster = await RealCluster.start()
  reader = cluster.client()
}, 60_000)
afterAll(async () => {
  reader.disconnect()
  await cluster.end()
})

const isOpen = async (rule: string): Promise<boolean> => {
  try {
    return (await reader.zscore('{health}:open', alertId(rule, 'svc'))) !== null
  } catch {
    // While it fails over nobody can say.
    return false
  }
}

test.for([{ signal: 'SIGKILL' as const }, { signal: 'SIGSTOP' as const }])(
  `$signal of the primary, ${TIMES} times`,
  { timeout: 900_000 },
  async ({ signal }) => {
    const rules = { anisette_unreachable: { for: 0, keepFiring: 0 }, apple_account_unauthenticated: { for: 0, keepFiring: 0 } }
    const child = await startService({
      redisPort: cluster.ports[0]!,
      redisClusterMode: true,
      instance: 'A',
      publishingInterval: 1,
      rules,
    })
    let turn = 0
    const load = setInterval(() => child.tell({ anisette: turn++ % 2 === 0 ? 'unreachable' : 'reachable' }), 50)
    const resumed: number[] = []
    let account: 'blocked' | 'logged_in' = 'logged_in'
    try {
      for (let run = 0; run < TIMES; run++) {
        await passed(700)
        const primary = await cluster.primary()
        cluster.nodes.get(primary)!.signal(signal)
        await passed(Math.random() * 1500)
        // One change, in the middle of it, of an alert that changes no more.
        account = account === 'blocked' ? 'logged_in' : 'blocked'
        child.tell({ account })
        let now = primary
        while (now === primary) {
          now = await cluster.primary(primary)
          await passed(20)
        }
        const failedOverAt = performance.now()
        const [seconds, micro] = await cluster.nodes.get(now)!.client().time()
        const since = Number(seconds) * 1000 + Math.floor(Number(micro) / 1000)
        const wrote = async () => (await reader.xrange('{health}:alerts', String(since), '+', 'COUNT', 1).catch(() => [])).length
        await expect.poll(wrote, { timeout: 20_000, interval: 20 }).toBe(1)
        resumed.push(performance.now() - failedOverAt)
        await expect.poll(() => isOpen('apple_account_unauthenticated'), { timeout: 20_000, interval: 50 }).toBe(account === 'blocked')
        if (signal === 'SIGKILL') await cluster.nodes.get(primary)!.start()
        else cluster.nodes.get(primary)!.signal('SIGCONT')
        await cluster.settled()
      }
    } finally {
      clearInterval(load)
    }
    child.tell({ anisette: 'reachable', account: 'logged_in' })
    await expect.poll(() => isOpen('apple_account_unauthenticated'), { timeout: 20_000, interval: 50 }).toBe(false)
    await expect.poll(() => isOpen('anisette_unreachable'), { timeout: 20_000, interval: 50 }).toBe(false)
    console.log(`publishing resumed ${resumed.map((ms) => `${ms.toFixed(0)} ms`).join(', ')} after the failover (${signal})`)
    expect(Math.max(...resumed)).toBeLessThan(RESUMES_WITHIN_MS)
    expect(child.unhandled).toEqual([])
  },
)
