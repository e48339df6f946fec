/** The panel with a thousand services: what its server takes with twenty who look, and what a page takes of a browser. */
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { setTimeout as passed } from 'node:timers/promises'

import { Redis } from 'ioredis'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { PanelRecord } from '../../bench/panel-record.ts'
import { startBrowser } from './panel/browser.ts'
import { PanelProcess } from './panel/panel-process.ts'
import { startRedis, type RealRedis } from './real-redis.ts'

const LOAD = { services: 1000, instances: 3, withHistory: 30, openAlerts: 200, transitionsPerSecond: 100, intervalMs: 30_000 }
const LOOKERS = 20

let redis: RealRedis
let client: Redis
let record: PanelRecord
let panel: PanelProcess
let browser: Browser

beforeAll(async () => {
  redis = await startRedis()
  client = new Redis(redis.port)
  record = new PanelRecord(client, LOAD)
  await record.begin()
  panel = await PanelProcess.start({ HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(redis.port), HEALTH_PANEL_LOGIN: 'none' })
  browser = await startBrowser()
  record.start()
})
afterAll(async () => {
  record?.stop()
  await browser?.close()
  await panel?.stop()
  client?.disconnect()
  await redis?.stop()
})

function measured(what: string, value: number, unit: string): number {
  console.log(`${what}: ${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`)
  return value
}

async function open(): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  await page.goto(panel.url)
  await page.locator('[data-service]').first().waitFor()
  return page
}

/** One who looks, as a browser reads the stream. */
function look(): () => void {
  const asked = request(`${panel.url}/api/live`, (answer) => answer.resume()).end()
  asked.on('error', () => {})
  return () => asked.destroy()
}

/** Milliseconds of processor that it has had. */
function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
}

test('the server takes at most 20 % of a core and 200 MB with twenty who look', async () => {
  const ends = Array.from({ length: LOOKERS }, look)
  await passed(4000)
  const [before, at] = [processorMs(panel.pid), performance.now()]
  await passed(10_000)
  const share = (100 * (processorMs(panel.pid) - before)) / (performance.now() - at)
  for (const end of ends) end()
  expect(measured('share of a core of the panel', share, '%')).toBeLessThanOrEqual(20)
  expect(measured('memory of the panel', residentMb(panel.pid), 'MB')).toBeLessThanOrEqual(200)
})

test('the first services are on the screen within a second', async () => {
  await (await open()).close()
  const took: number[] = []
  for (let i = 0; i < 5; i++) {
    const at = performance.now()
    const page = await open()
    took.push(performance.now() - at)
    await page.close()
  }
  expect(measured('until the first services are on the screen', took.toSorted((a, b) => a - b)[2]!, 'ms')).toBeLessThanOrEqual(1000)
})

test('an update is applied within 100 ms, and the page does not grow', async () => {
  const page = await open()
  const debug = await page.context().newCDPSession(page)
  const heap = async (): Promise<number> => {
    await debug.send('HeapProfiler.collectGarbage')
    return (await debug.send('Runtime.getHeapUsage')).usedSize / 2 ** 20
  }
  await page.evaluate(`
    window.longest = 0
    new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => (window.longest = Math.max(window.longest, duration)))).observe({ type: 'longtask' })
  `)
  await passed(12_000)
  const longest = Number(await page.evaluate('window.longest'))
  const before = await heap()
  await passed(20_000)
  const after = await heap()
  expect(measured('longest task of the page', longest, 'ms')).toBeLessThanOrEqual(100)
  measured('heap of the page', after, 'MB')
  expect(measured('by which it grew in 20 s', after - before, 'MB')).toBeLessThanOrEqual(2)
  await page.close()
})
