/** The panel in a browser: real pages, a real Redis, and services that judge themselves. Each test breaks a service of its own. */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import { freePort } from '../../../examples/valkey/free-port.ts'
import { TrackerFetcherHealthMonitor, WorkerHealthMonitor } from '../../../src/index.ts'
import { startRedis, type RealRedis } from '../real-redis.ts'
import { axeViolations, scrollsSideways, startBrowser } from './browser.ts'
import { PanelProcess } from './panel-process.ts'

let redis: RealRedis
let panel: PanelProcess
let browser: Browser
const contexts: BrowserContext[] = []
const services: { stop(): Promise<void> }[] = []
/** What pages said that they should not have: errors, and what the policy refused. */
const said: string[] = []

const healthRedis = () => ({ HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(redis.port) })

beforeAll(async () => {
  redis = await startRedis()
  panel = await PanelProcess.start({ ...healthRedis(), HEALTH_PANEL_LOGIN: 'none' })
  browser = await startBrowser()
  await fetcher('steady_fetcher')
  await worker('steady_mailer', ['steady_fetcher'])
})
afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close()
  said.length = 0
})
afterAll(async () => {
  for (const service of services) await service.stop()
  await browser?.close()
  await panel?.stop()
  await redis?.stop()
})

const env = () => ({ ...healthRedis(), HEALTH_PUBLISHING_INTERVAL: '1', OTEL_METRICS_EXPORTER: 'none' })

async function fetcher(serviceName: string): Promise<TrackerFetcherHealthMonitor> {
  const monitor = new TrackerFetcherHealthMonitor({ serviceName, env: env() })
  services.push(monitor)
  await monitor.start()
  monitor.setAppleAccount('logged_in')
  return monitor
}

async function worker(serviceName: string, dependsOn: readonly string[]): Promise<void> {
  const monitor = new WorkerHealthMonitor({ serviceName, dependsOn, env: env() })
  services.push(monitor)
  await monitor.start()
}

/** A service with an open CRITICAL alert. */
async function broken(serviceName: string): Promise<TrackerFetcherHealthMonitor> {
  const monitor = await fetcher(serviceName)
  monitor.setAppleAccount('require_2fa')
  return monitor
}

async function open(path: string = '/', options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  contexts.push(context)
  const page = await context.newPage()
  page.on('pageerror', ({ message }) => said.push(message))
  page.on('console', (message) => {
    // A server that is away is no mistake of the page.
    if (message.type() === 'error' && !/net::ERR|Failed to load resource/.test(message.text())) said.push(message.text())
  })
  await page.goto(panel.url + path)
  return page
}

const card = (page: Page, service: string) =>
  page.locator('[data-alert]').filter({ has: page.getByRole('link', { name: service, exact: true }) })
const row = (page: Page, service: string) => page.locator(`[data-service="${service}"]`)

/** Presses the action and fills in its dialog. */
async function act(page: Page, service: string, action: string, why: string): Promise<void> {
  await card(page, service).getByRole('button', { name: action, exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Why?').fill(why)
  await dialog.getByRole('button', { name: action, exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
}

describe('what happens is seen', () => {
  test('a fault appears within a second, without a reload', async () => {
    const page = await open()
    await row(page, 'steady_fetcher').waitFor()
    await page.evaluate('window.notReloaded = true')
    const took: number[] = []
    for (let i = 0; i < 5; i++) {
      const monitor = await fetcher(`falling_${i}`)
      await row(page, `falling_${i}`).getByText('healthy', { exact: true }).waitFor()
      const at = performance.now()
      monitor.setAppleAccount('require_2fa')
      await card(page, `falling_${i}`).waitFor()
      took.push(performance.now() - at)
    }
    const median = took.toSorted((a, b) => a - b)[2]!
    console.log(`a fault is on the screen ${took.map((ms) => `${Math.round(ms)} ms`).join(', ')} after it happened`)
    expect(median).toBeLessThan(1000)
    expect(await page.evaluate('window.notReloaded')).toBe(true)
    await row(page, 'falling_0').getByText('unhealthy', { exact: true }).waitFor()
    expect(said).toEqual([])
  })

  test('what an alert causes elsewhere names the cause', async () => {
    const page = await open('/?q=_root')
    await broken('rotten_root')
    await worker('leaf_of_root', ['rotten_root'])
    await row(page, 'leaf_of_root')
      .getByText(/depends on rotten_root, which is unhealthy/)
      .waitFor()
    expect(said).toEqual([])
  })

  test('a service that is killed is never shown as running: it turns silent, and can be forgotten by hand', async () => {
    const page = await open('/?q=crashed')
    const monitor = await fetcher('crashed_fetcher')
    await row(page, 'crashed_fetcher').getByText('healthy', { exact: true }).waitFor()
    await monitor.stop()
    await row(page, 'crashed_fetcher').getByText('stopped', { exact: true }).waitFor()
    expect(said).toEqual([])
  })
})

describe('what people do', () => {
  test('an acknowledgement with a note in one browser is in the other, with who, why and until when', async () => {
    await broken('acked_fetcher')
    const [one, other] = [await open(), await open()]
    await act(one, 'acked_fetcher', 'Acknowledge', 'entering the code now')
    await card(other, 'acked_fetcher')
      .getByText(/acknowledged by .+ left: entering the code now/)
      .waitFor()
    await card(other, 'acked_fetcher').getByRole('button', { name: 'Unacknowledge' }).waitFor()
    expect(said).toEqual([])
  })

  test('a resolved alert leaves every browser', async () => {
    const monitor = await broken('resolved_fetcher')
    const [one, other] = [await open(), await open()]
    await card(other, 'resolved_fetcher').waitFor()
    monitor.setAppleAccount('logged_in')
    await act(one, 'resolved_fetcher', 'Resolve', 'the code was entered')
    await card(other, 'resolved_fetcher').waitFor({ state: 'detached' })
    expect(said).toEqual([])
  })

  test('a silence is in the list with who, why, and what it matches now, and can be ended there', async () => {
    await broken('loud_fetcher')
    const [one, other] = [await open(), await open('/silences')]
    await act(one, 'loud_fetcher', 'Silence', 'moving house')
    const silence = other.locator('tr', { hasText: 'moving house' })
    await silence
      .getByText(/loud_fetcher/)
      .first()
      .waitFor()
    await card(one, 'loud_fetcher').getByText('silenced', { exact: true }).waitFor()
    await silence.getByRole('button', { name: 'End silence' }).click()
    await other.getByRole('dialog').getByLabel('Why?').fill('moved')
    await other.getByRole('dialog').getByRole('button', { name: 'End silence' }).click()
    await card(one, 'loud_fetcher').getByText('silenced', { exact: true }).waitFor({ state: 'detached' })
    expect(said).toEqual([])
  })

  test('maintenance is planned in two clicks, and every action is in the journal', async () => {
    await broken('kept_fetcher')
    const page = await open()
    await act(page, 'kept_fetcher', 'Maintenance', 'new disks')
    await page.getByRole('link', { name: 'Journal' }).click()
    await page.getByText('new disks').first().waitFor()
    expect(said).toEqual([])
  })
})

describe('when something is away', () => {
  test('with the panel gone nothing looks green; back on its port the page goes on by itself, with what it has missed', async () => {
    const port = await freePort()
    const own = await PanelProcess.start({ ...healthRedis(), HEALTH_PANEL_LOGIN: 'none' }, port)
    const page = await open()
    await page.goto(`${own.url}/?q=steady`)
    await row(page, 'steady_fetcher').getByText('healthy', { exact: true }).waitFor()
    await own.stop('SIGKILL')
    await row(page, 'steady_fetcher').getByText('was healthy', { exact: true }).waitFor()
    await broken('steady_until_missed')
    const again = await PanelProcess.start({ ...healthRedis(), HEALTH_PANEL_LOGIN: 'none' }, port)
    await card(page, 'steady_until_missed').waitFor()
    await row(page, 'steady_fetcher').getByText('healthy', { exact: true }).waitFor()
    await page.close()
    await again.stop()
    expect(said).toEqual([])
  })

  test('with Redis gone nothing looks green; back and empty, what the services say again is shown', async () => {
    const own = await startRedis()
    const where = { HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(own.port) }
    const shown = await PanelProcess.start({ ...where, HEALTH_PANEL_LOGIN: 'none' })
    const monitor = new TrackerFetcherHealthMonitor({ serviceName: 'survivor', env: { ...env(), ...where } })
    await monitor.start()
    monitor.setAppleAccount('require_2fa')
    const page = await open()
    await page.goto(shown.url)
    await card(page, 'survivor').waitFor()
    await own.stop()
    await row(page, 'survivor').getByText('was unhealthy', { exact: true }).waitFor()
    const again = await startRedis({ port: own.port })
    await row(page, 'survivor').getByText('unhealthy', { exact: true }).waitFor()
    await card(page, 'survivor').waitFor()
    await page.close()
    await monitor.stop()
    await shown.stop()
    await again.stop()
    expect(said).toEqual([])
  })

  test('after ten minutes asleep the page shows what is true now', async () => {
    const page = await open('/?q=steady')
    await row(page, 'steady_fetcher').waitFor()
    const debug = await page.context().newCDPSession(page)
    await debug.send('Page.setWebLifecycleState', { state: 'frozen' })
    await broken('steady_until_asleep')
    await card(await open('/?q=asleep'), 'steady_until_asleep').waitFor()
    await debug.send('Page.setWebLifecycleState', { state: 'active' })
    await card(page, 'steady_until_asleep').waitFor()
    await row(page, 'steady_fetcher').getByText('healthy', { exact: true }).waitFor()
    expect(said).toEqual([])
  })
})

describe('addresses', () => {
  test('each screen has one that a colleague can open, and Back goes where one was', async () => {
    await broken('linked_fetcher')
    const page = await open('/?q=linked')
    await row(page, 'linked_fetcher').getByRole('link', { name: 'linked_fetcher' }).click()
    await page.waitForURL('**/service/linked_fetcher')
    await page.getByRole('heading', { name: 'linked_fetcher', level: 1 }).waitFor()
    await page.goBack()
    await card(page, 'linked_fetcher').getByRole('link', { name: 'apple_account_unauthenticated' }).click()
    await page.waitForURL('**/alert/**')
    const colleague = await open(page.url().slice(panel.url.length))
    await colleague.getByText('No Apple account can fetch').first().waitFor()
    for (const screen of ['Map', 'Trends', 'Silences', 'Journal']) {
      await page.getByRole('navigation').getByRole('link', { name: screen }).click()
      await page.waitForURL(`**/${screen.toLowerCase()}*`)
      await page.getByRole('heading', { name: screen, level: 1 }).waitFor()
    }
    await page.goBack()
    await page.waitForURL('**/silences*')
    expect(said).toEqual([])
  })

  test('a filter is in the address', async () => {
    const page = await open('/?q=steady_mailer')
    await row(page, 'steady_mailer').waitFor()
    await row(page, 'steady_fetcher').waitFor({ state: 'detached' })
    expect(said).toEqual([])
  })
})

describe('what comes from Redis is hostile', () => {
  test('tags and scripts in names, reasons, notes and evidence are shown as they are, and nothing of them runs', async () => {
    const evil = '<img src=x onerror=alert(1)><script>alert(2)</script>'
    const monitor = new WorkerHealthMonitor({
      serviceName: 'evil_worker',
      instance: evil,
      checks: [
        { name: 'evil_check', required: true, critical: true, run: () => Promise.reject(Object.assign(new Error(evil), { code: evil })) },
      ],
      env: env(),
    })
    services.push(monitor)
    await monitor.start()
    const page = await open('/?q=evil')
    let ran = false
    page.on('dialog', () => (ran = true))
    await card(page, 'evil_worker').waitFor()
    await act(page, 'evil_worker', 'Acknowledge', evil)
    await card(page, 'evil_worker').getByText(evil).first().waitFor()
    for (const path of ['/service/evil_worker', '/map', '/journal', '/trends']) {
      await page.goto(panel.url + path)
      await page.getByRole('heading').first().waitFor()
      expect(await page.locator('img, script:not([src])').count()).toBe(0)
    }
    expect(ran).toBe(false)
    expect(said).toEqual([])
  })
})

describe('for everybody', () => {
  const SCREENS = ['/', '/service/steady_fetcher', '/map', '/trends', '/silences', '/journal']

  test.for(['light', 'dark'] as const)('axe finds nothing on any screen, in the %s', async (colorScheme) => {
    await broken(`axe_${colorScheme}`)
    for (const path of SCREENS) {
      const page = await open(path, { colorScheme, reducedMotion: 'reduce' })
      await page.getByRole('heading').first().waitFor()
      await page.waitForLoadState('networkidle').catch(() => {})
      expect({ path, violations: await axeViolations(page) }).toEqual({ path, violations: [] })
      await page.close()
    }
    expect(said).toEqual([])
  })

  test.for(SCREENS)('%s fits on a phone', async (path) => {
    const page = await open(path, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true })
    await page.getByRole('heading').first().waitFor()
    expect(await scrollsSideways(page)).toBe(false)
    expect(said).toEqual([])
  })

  test('by the keyboard alone: what the keys are, to an alert, acknowledged, and back', async () => {
    await broken('keyed_fetcher')
    const page = await open('/?q=keyed_fetcher')
    await card(page, 'keyed_fetcher').waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('j')
    await page.keyboard.press('a')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.type('by the keyboard')
    await page.keyboard.press('Control+Enter')
    await card(page, 'keyed_fetcher')
      .getByText(/by the keyboard/)
      .waitFor()
    expect(said).toEqual([])
  })
})
