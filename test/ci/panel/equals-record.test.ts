/** What the page shows is what Redis holds, or held within the last second: read at 200 random moments of a random history. */
import { setTimeout as passed } from 'node:timers/promises'

import { Redis } from 'ioredis'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { serviceStatus } from '../../../src/subscribe/service-status.ts'
import { readSnapshot } from '../../../src/subscribe/snapshot.ts'
import { randomOf } from '../../../src/simulate/random.ts'
import { RedisRecord } from '../../subscribe/record.ts'
import { startRedis, type RealRedis } from '../real-redis.ts'
import { startBrowser } from './browser.ts'
import { PanelProcess } from './panel-process.ts'

const MOMENTS = 200
const LATE_MS = 1000
const SERVICES = ['fetch', 'geocode', 'notify', 'aggregate', 'fence']
const ALERTS = 6

let redis: RealRedis
let client: Redis
let panel: PanelProcess
let browser: Browser
beforeAll(async () => {
  redis = await startRedis()
  client = new Redis(redis.port)
  panel = await PanelProcess.start({ HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(redis.port), HEALTH_PANEL_LOGIN: 'none' })
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
  await panel?.stop()
  client?.disconnect()
  await redis?.stop()
})

interface Truth {
  /** From then on it was in Redis, by the clock of this test. */
  readonly from: number
  readonly lines: string
}

/** Lines, one for each service and open alert. */
async function inRedis(): Promise<string> {
  const view = await readSnapshot(client)
  const services = view.services.map((service) => `${service.service} ${serviceStatus(service, view.alerts).status}`)
  const alerts = view.alerts.map(({ alert_id: id, severity, message }) => `${id} ${severity} ${message}`)
  return [...services, ...alerts].toSorted().join('\n')
}

async function onThePage(page: Page): Promise<string> {
  return await page.evaluate(`
    const text = (element, selector) => element.querySelector(selector).textContent
    const services = Array.from(document.querySelectorAll('[data-service]'), (row) => row.dataset.service + ' ' + text(row, '.mark'))
    const alerts = Array.from(document.querySelectorAll('[data-alert]'), (card) => card.dataset.alert + ' ' + text(card, '.mark') + ' ' + text(card, '.evidence'))
    ;[...services, ...alerts].sort().join('\\n')
  `)
}

test(`at ${MOMENTS} moments nothing on the page is older than a second, and nothing was never so`, async () => {
  const numbers = randomOf(20_261_130)
  const random = () => numbers.next()
  const some = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!
  const record = new RedisRecord(client)
  for (const service of SERVICES) await record.beat({ service })
  const page = await browser.newPage({ viewport: { width: 1400, height: 1600 } })
  await page.goto(panel.url)
  await page
    .locator('[data-service]')
    .nth(SERVICES.length - 1)
    .waitFor()

  const truths: Truth[] = [{ from: performance.now(), lines: await inRedis() }]
  const isOpen = new Set<number>()
  const happen = async (): Promise<void> => {
    const n = Math.floor(random() * ALERTS)
    const alert = { id: `alert-${n}`, service: SERVICES[n % SERVICES.length]!, severity: some(['WARNING', 'CRITICAL'] as const) }
    if (random() < 0.3) await record.beat({ service: some(SERVICES), status: some(['healthy', 'degraded', 'unhealthy'] as const) })
    else if (isOpen.delete(n)) await record.tell({ ...alert, type: 'resolved' })
    else {
      isOpen.add(n)
      await record.tell({ ...alert, message: `evidence ${Math.floor(random() * 1e6)}` })
    }
    truths.push({ from: performance.now(), lines: await inRedis() })
  }

  const wrong: unknown[] = []
  for (let moment = 0; moment < MOMENTS; moment++) {
    for (let i = Math.floor(random() * 4); i > 0; i--) await happen()
    await passed(random() * 300)
    const earliest = performance.now() - LATE_MS
    const shown = await onThePage(page)
    // What stood a second ago, and all that came since.
    const first = truths.findLastIndex(({ from }) => from <= earliest)
    const possible = truths.slice(Math.max(first, 0))
    if (!possible.some(({ lines }) => lines === shown)) wrong.push({ moment, shown, possible: possible.map(({ lines }) => lines) })
  }
  expect(wrong).toEqual([])
  // It does not only lag behind: in the end it is what it is.
  await expect.poll(() => onThePage(page), { timeout: 5000 }).toBe(truths.at(-1)!.lines)
  expect(truths.length).toBeGreaterThan(100)
})
