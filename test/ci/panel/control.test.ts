/** Services controlled from the panel, in a browser: what is said before, what is seen meanwhile, and what is left when it is over. */
import { setTimeout as passed } from 'node:timers/promises'

import { Redis } from 'ioredis'
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import { HealthControl } from '../../../src/control/health-control.ts'
import { readSnapshot } from '../../../src/subscribe/snapshot.ts'
import type { Phase } from '../../../src/types.ts'
import { answerRequest } from '../../../src/wire/answer-request.ts'
import { encodeRequest, type ControlAnswer, type ControlRequest } from '../../../src/wire/control-request.ts'
import { shardNames } from '../../../src/wire/names.ts'
import { createPublisher, type PublisherClient } from '../../../src/wire/redis-client.ts'
import { WatchedQueue } from '../../e2e/controlled-service.ts'
import { HealthMessages } from '../../e2e/health-messages.ts'
import { RedisRecord, statusText } from '../../subscribe/record.ts'
import { startRedis, type RealRedis } from '../real-redis.ts'
import { axeViolations, scrollsSideways, startBrowser } from './browser.ts'
import { PanelProcess } from './panel-process.ts'
import { SupervisedService } from './supervised-service.ts'

const names = shardNames()
const ALLOWED = ['pause', 'resume', 'drain', 'stop', 'start', 'restart']
const BEAT_MS = 1000
/** A machine that is busy may take its time. */
const LONG = { timeout: 120_000 }

let redis: RealRedis
let client: PublisherClient
let commands: Redis
let panel: PanelProcess
let browser: Browser
const contexts: BrowserContext[] = []
const said: string[] = []
const beating: ReturnType<typeof setInterval>[] = []

const healthRedis = () => ({ HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(redis.port) })

beforeAll(async () => {
  redis = await startRedis()
  commands = new Redis(redis.port)
  client = (await createPublisher({ host: '127.0.0.1', port: redis.port }, 5000)).client
  await client.connect()
  panel = await PanelProcess.start({ ...healthRedis(), HEALTH_PANEL_LOGIN: 'none', USER: 'ada' })
  browser = await startBrowser()
})
afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close()
  for (const timer of beating.splice(0)) clearInterval(timer)
  said.length = 0
})
afterAll(async () => {
  await browser?.close()
  await panel?.stop()
  client?.disconnect()
  commands?.disconnect()
  await redis?.stop()
})

interface StandIn {
  phase: Phase
  inHand: number
}

/** Says of each instance what a service says, and does nothing by itself: what it answers is up to the test. */
async function standIns(service: string, ...instances: readonly string[]): Promise<ReadonlyMap<string, StandIn>> {
  const record = new RedisRecord(commands)
  const all = new Map<string, StandIn>(instances.map((instance) => [instance, { phase: 'running', inHand: 2 }]))
  const beat = async (): Promise<void> => {
    for (const [instance, { phase, inHand }] of all) {
      const text = JSON.stringify({
        ...(JSON.parse(statusText({ service, instance, phase })) as object),
        ...{ control: ALLOWED, supervised: true, work_in_hand: { count: inHand, oldest_seconds: 12 }, drain_limit_seconds: 30 },
      })
      await record.beat({ service, instance, phase, text })
    }
  }
  await beat()
  beating.push(setInterval(() => void beat(), BEAT_MS))
  return all
}

async function answer(
  request: string,
  what: Pick<ControlAnswer, 'service' | 'instance' | 'state' | 'action'> & Partial<ControlAnswer>,
): Promise<void> {
  const at = Date.now()
  expect(await answerRequest(client, names, { request, at, ...what }, { process: `p${what.instance.length}`, expires: at + 60_000 })).toBe(
    'ours',
  )
}

async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  contexts.push(context)
  const page = await context.newPage()
  page.on('pageerror', ({ message }) => said.push(message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/net::ERR|Failed to load resource/.test(message.text())) said.push(message.text())
  })
  await page.goto(panel.url + path)
  return page
}

const section = (page: Page) => page.locator('.control')
const card = (page: Page) => page.locator('[data-request]').first()

async function press(page: Page, where: Locator, action: string): Promise<Locator> {
  await where.getByRole('button', { name: action, exact: true }).click()
  return page.getByRole('dialog')
}

async function requestShown(page: Page): Promise<string> {
  await card(page).waitFor()
  return (await card(page).getAttribute('data-request'))!
}

describe('a drain', () => {
  test('says what will happen, wants the name typed, and is followed to its end by everybody, through a reload', async () => {
    const instances = await standIns('draining_mailer', 'm-1', 'm-2')
    const [one, other] = [await open('/service/draining_mailer'), await open('/service/draining_mailer')]
    const dialog = await press(one, section(one), 'Drain')
    await dialog.getByText(/^2 instances take on no new work, finish what they have in hand, then end\./).waitFor()
    await dialog.getByText('In hand now: 4 pieces of work, the oldest for 12 s.').waitFor()
    await dialog.getByText('No service says that it depends on it.').waitFor()
    await dialog.getByText('How long it takes is not known: it was not done lately.').waitFor()
    await dialog.getByLabel('Why?').fill('new disks')
    const name = dialog.getByLabel(/Type draining_mailer if that is meant/)
    await name.fill('draining')
    await dialog.getByRole('button', { name: 'Drain', exact: true }).click()
    await dialog.getByText('Nothing of draining_mailer is left running then: type its name exactly.').waitFor()
    await name.fill('draining_mailer')
    await dialog.getByRole('button', { name: 'Drain', exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
    await one.getByText('draining_mailer is asked to drain.').waitFor()

    const id = await requestShown(other)
    const about = { service: 'draining_mailer', action: 'drain' } as const
    await card(other).getByText('0 of 2 drained').waitFor()
    await answer(id, { ...about, instance: 'm-1', state: 'accepted', inHand: 2, oldestSeconds: 12 })
    await card(other).getByText('In hand now: 2 pieces of work, the oldest for 12 s.').waitFor()
    await answer(id, { ...about, instance: 'm-1', state: 'done', reason: 'Nothing was in hand any more.' })
    await card(other).getByText('1 of 2 drained').waitFor()
    await one.reload()
    await card(one).getByText('1 of 2 drained').waitFor()
    await section(one).getByText('To be:').waitFor()
    await answer(id, { ...about, instance: 'm-2', state: 'accepted' })
    for (const standIn of instances.values()) standIn.phase = 'stopped'
    await answer(id, { ...about, instance: 'm-2', state: 'done' })
    for (const page of [one, other]) await card(page).getByText('2 of 2 drained').waitFor()
    await one.locator('.facts .mark.is-stopped').waitFor()
    expect(await card(one).getAttribute('data-state')).toBe('done')
    // Never green by it, and never red.
    expect(await one.locator('.facts .mark.is-healthy, .facts .mark.is-unhealthy').count()).toBe(0)

    await one.goto(`${panel.url}/journal?service=draining_mailer`)
    const deeds = one.locator('tbody tr')
    await deeds.filter({ hasText: 'asked to drain' }).filter({ hasText: 'ada' }).filter({ hasText: 'new disks' }).waitFor()
    await deeds.filter({ hasText: 'm-1' }).filter({ hasText: 'drained' }).filter({ hasText: 'Nothing was in hand any more.' }).waitFor()
    expect(said).toEqual([])
  })

  test('of one instance that is refused says why; the dialog knows how long it took the last time', async () => {
    await standIns('busy_mailer', 'm-1', 'm-2')
    const page = await open('/service/busy_mailer')
    const row = page.locator('tr', { hasText: 'm-1' }).filter({ hasText: 'Actions…' })
    await row.getByText('Actions…').click()
    const dialog = await press(page, row, 'Drain')
    await dialog.getByText('busy_mailer, m-1').waitFor()
    await dialog.getByLabel('Why?').fill('it is slow')
    // One is left: no name is asked for.
    expect(await dialog.getByLabel(/Type/).count()).toBe(0)
    await dialog.getByRole('button', { name: 'Drain', exact: true }).click()
    const id = await requestShown(page)
    await answer(id, { service: 'busy_mailer', action: 'drain', instance: 'm-1', state: 'done' })
    await card(page).getByText('1 of 1 drained').waitFor()
    await (await press(page, row, 'Drain')).getByText(/^The last time it took \d/).waitFor()
    expect(said).toEqual([])
  })
})

describe('a pause', () => {
  test('lasts as long as is said, is shown apart from how it is, and can be called off', async () => {
    const instances = await standIns('paused_mailer', 'm-1')
    const page = await open('/service/paused_mailer')
    const dialog = await press(page, section(page), 'Pause')
    await dialog.getByLabel('Why?').fill('the provider moves')
    await dialog.getByLabel(/^Other/).fill('45m')
    await dialog.getByRole('button', { name: 'Pause', exact: true }).click()
    const id = await requestShown(page)
    await section(page)
      .getByText(/^paused until \d\d:\d\d$/)
      .waitFor()
    await answer(id, { service: 'paused_mailer', action: 'pause', instance: 'm-1', state: 'accepted' })
    const resume = await press(page, card(page), 'Call off')
    await resume.getByLabel('Why?').fill('it does not move after all')
    await resume.getByRole('button', { name: 'Resume', exact: true }).click()
    await page.locator('[data-request]').filter({ hasText: 'Resume: all instances' }).waitFor()
    await section(page).getByText('To be:').waitFor({ state: 'detached' })

    // Paused all the same: neither well nor ill.
    instances.get('m-1')!.phase = 'paused'
    await page.locator('.facts .mark.is-paused').waitFor()
    await page.goto(`${panel.url}/?q=paused_mailer`)
    await page.locator('[data-service="paused_mailer"]').getByText('paused', { exact: true }).waitFor()
    expect(said).toEqual([])
  })

  test('that a service does not keep to is loud', async () => {
    await standIns('stubborn_mailer', 'm-1')
    const at = Date.now() - 120_000
    const request: ControlRequest = {
      ...{
        id: 'c'.repeat(32),
        action: 'pause',
        service: 'stubborn_mailer',
        instance: null,
        actor: 'ann',
        from: 'ctl',
        why: 'quiet please',
      },
      ...{ at, expires: at + 60_000, until: at + 3_600_000 },
    }
    await commands.hset(names.desired('stubborn_mailer'), '*', encodeRequest(request))
    await commands.xadd(
      names.audit,
      '*',
      'actor',
      'ann',
      'from',
      'ctl',
      'action',
      'pause',
      'why',
      'quiet please',
      'service',
      'stubborn_mailer',
    )
    const page = await open('/service/stubborn_mailer')
    const wanted = page.locator('[data-desired]')
    await wanted.getByText(/^paused until/).waitFor()
    await wanted.getByText(/by ann: quiet please/).waitFor()
    await wanted.getByText(/not as it is to be$/).waitFor()
    expect(await wanted.getAttribute('class')).toContain('is-late')
    expect(said).toEqual([])
  })

  test('that nobody began with in time is said to have expired', async () => {
    await standIns('deaf_mailer', 'm-1')
    const control = new HealthControl({ client })
    await control.request('pause', { service: 'deaf_mailer' }, { by: 'ann', why: 'listen', forMs: 60_000, expiresInMs: 1000 })
    const page = await open('/service/deaf_mailer')
    await card(page).getByText('expired: it was not begun with in time, and will not be').first().waitFor()
    expect(await card(page).getByRole('button', { name: 'Call off' }).count()).toBe(0)
    expect(said).toEqual([])
  })
})

describe('a restart of three instances that work', () => {
  test('goes through them one by one: two are running all the time, nothing is lost, nobody is paged', { timeout: 180_000 }, async () => {
    const services = ['v-1', 'v-2', 'v-3'].map((instance) => new SupervisedService(instance, redis.port))
    const queue = new WatchedQueue(commands, redis.port)
    const heard = await HealthMessages.on(redis.port)
    const phases = async () => {
      const view = await readSnapshot(commands)
      const instances = view.services.find((each) => each.service === 'video')?.instances ?? []
      return instances.flatMap(({ status }) => status?.phase ?? [])
    }
    const runningOf = async () => ({
      inRedis: (await phases()).filter((phase) => phase === 'running').length,
      processes: (await Promise.all(services.map((each) => each.pid()))).filter((pid) => pid !== undefined).length,
    })
    try {
      await expect.poll(runningOf, LONG).toEqual({ inRedis: 3, processes: 3 })
      const before = await Promise.all(services.map((each) => each.pid()))
      await queue.add(400, { forMs: 150 })

      const page = await open('/service/video')
      const dialog = await press(page, section(page), 'Restart')
      await dialog.getByText(/^3 instances take turns, at most a third of them at a time/).waitFor()
      await dialog.getByLabel('Why?').fill('new code')
      const over = new AbortController()
      const least = { inRedis: 3, processes: 3 }
      const sampling = (async () => {
        while (!over.signal.aborted) {
          const { inRedis, processes } = await runningOf()
          least.inRedis = Math.min(least.inRedis, inRedis)
          least.processes = Math.min(least.processes, processes)
          await passed(25)
        }
      })()
      await dialog.getByRole('button', { name: 'Restart', exact: true }).click()
      await card(page).getByText('1 of 3 restarted').waitFor(LONG)
      await page.reload()
      await card(page).getByText('3 of 3 restarted').waitFor(LONG)
      over.abort()
      await sampling
      console.log(`at least ${least.inRedis} of 3 said that they run, and there were ${least.processes} processes at least`)

      expect(least.inRedis).toBe(2)
      // Between the end of one and the start of the next little time goes by.
      expect(least.processes).toBeGreaterThanOrEqual(2)
      const after = await Promise.all(services.map((each) => each.pid()))
      expect(after.map((pid, i) => pid !== undefined && pid !== before[i])).toEqual([true, true, true])
      expect(services.map(({ begun }) => begun)).toEqual([2, 2, 2])
      expect(await phases()).toEqual(['running', 'running', 'running'])
      // What it was on the channel, of each: it drains for a reason, is gone, and comes back.
      for (const { instance } of services) {
        const draining = await heard.status('video', (message) => message.instance === instance && message.phase === 'draining')
        expect(draining.reasons).toEqual(['draining by ada: new code'])
        await heard.status('video', (message) => message.instance === instance && message.phase === 'stopped')
      }
      expect(heard.alertsOf('video')).toEqual([])
      await expect.poll(() => queue.count('done'), LONG).toBe(400)
      expect([await queue.count('begun'), await queue.count('stalled'), await queue.twice()]).toEqual([400, 0, []])
      expect(said).toEqual([])
    } finally {
      await Promise.all(services.map((each) => each.stop()))
      await queue.queue.close()
      heard.close()
    }
  })
})

test(
  'a job that was in hand when its process was killed is named, and how often: BullMQ fails it at the second time',
  { timeout: 180_000 },
  async () => {
    const service = new SupervisedService('killed', redis.port)
    const queue = new WatchedQueue(commands, redis.port)
    const heard = await HealthMessages.on(redis.port)
    try {
      await queue.add(1, { until: 'never' })
      const page = await open('/service/video')
      const ends = [/^Job \d+ of video was in hand when the process was killed/, /^Job \d+ of video was in hand 2 times/]
      for (const [before, says] of ends.entries()) {
        // Its supervisor hears once a second what is in hand.
        await heard.status('video', ({ instance, work_in_hand: inHand, interrupted = [] }) => {
          return instance === 'killed' && (inHand?.oldest_seconds ?? 0) >= 3 && (interrupted[0]?.times ?? 0) === before
        })
        process.kill(Number(await service.pid()), 'SIGKILL')
        await section(page).getByText(says).waitFor(LONG)
      }
      await expect.poll(() => queue.queue.getFailedCount(), LONG).toBe(1)
      expect(said).toEqual([])
    } finally {
      await service.stop()
      await queue.queue.close()
      heard.close()
    }
  },
)

describe('for everybody', () => {
  test('what comes from Redis is hostile: names and reasons are shown as they are', async () => {
    const evil = '<img/src=x/onerror=alert(1)>'
    await standIns('evil_mailer', evil, 'm-2')
    const control = new HealthControl({ client })
    const { request } = await control.request('drain', { service: 'evil_mailer' }, { by: evil, why: `${evil}\u202e`, from: evil })
    await answer(request.id, { service: 'evil_mailer', action: 'drain', instance: evil, state: 'refused', reason: `<script>${evil}` })
    const page = await open('/service/evil_mailer')
    let ran = false
    page.on('dialog', () => (ran = true))
    await card(page).getByText(`<script>${evil}`).waitFor()
    const row = page.locator('tr', { hasText: evil }).filter({ hasText: 'Actions…' })
    await row.getByText('Actions…').click()
    const dialog = await press(page, row, 'Pause')
    await dialog.getByText(`evil_mailer, ${evil}`).waitFor()
    await dialog.getByLabel('Why?').fill(evil)
    await dialog.getByRole('button', { name: 'Pause', exact: true }).click()
    await page
      .locator('[data-request]')
      .filter({ hasText: `Pause: ${evil}` })
      .waitFor()
    expect(await page.locator('img, script:not([src])').count()).toBe(0)
    expect(ran).toBe(false)
    expect(said).toEqual([])
  })

  test.for(['light', 'dark'] as const)(
    'axe finds nothing in the section and its dialog, in the %s; and it fits on a phone',
    async (colorScheme) => {
      const name = `${colorScheme}_mailer`
      await standIns(name, 'm-1', 'm-2')
      const control = new HealthControl({ client })
      const { request } = await control.request('drain', { service: name }, { by: 'ann', why: 'new disks' })
      await answer(request.id, {
        service: name,
        action: 'drain',
        instance: 'm-1',
        state: 'failed',
        reason: 'The drain limit of 30 s is over.',
      })
      const page = await open(`/service/${name}`, { colorScheme, reducedMotion: 'reduce' })
      await card(page).getByText('The drain limit of 30 s is over.').waitFor()
      await page.getByText('Actions…').first().click()
      expect(await axeViolations(page)).toEqual([])
      const dialog = await press(page, section(page), 'Stop')
      await dialog.getByLabel(/^Nothing of it is left running then/).waitFor()
      expect(await axeViolations(page)).toEqual([])
      const phone = await open(`/service/${name}`, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, colorScheme })
      await card(phone).waitFor()
      expect(await scrollsSideways(phone)).toBe(false)
      expect(said).toEqual([])
    },
  )

  test('by the keyboard alone: to the button, through the dialog, and back to the button', async () => {
    await standIns('keyed_mailer', 'm-1', 'm-2')
    const page = await open('/service/keyed_mailer')
    await section(page).getByRole('button', { name: 'Pause', exact: true }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.type('by the keyboard')
    await page.keyboard.press('Control+Enter')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await card(page)
      .getByText(/by the keyboard/)
      .waitFor()
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Pause')
    expect(said).toEqual([])
  })

  test('who may not finds the buttons there, and why they do not work', async () => {
    await standIns('guarded_mailer', 'm-1')
    const token = 'viewers-0123456789ab'
    const own = await PanelProcess.start({
      ...{ ...healthRedis(), HEALTH_PANEL_LOGIN: 'token', HEALTH_PANEL_TOKEN: 'operators-0123456789', HEALTH_PANEL_VIEWER_TOKEN: token },
    })
    const page = await open('/')
    await page.goto(`${own.url}/service/guarded_mailer`)
    await page.getByLabel('Token').fill(token)
    await page.getByRole('button', { name: 'Log in' }).click()
    const stop = section(page).getByRole('button', { name: 'Stop', exact: true })
    await stop.waitFor()
    expect(await stop.getAttribute('aria-disabled')).toBe('true')
    expect(await stop.getAttribute('title')).toBe('Your role viewer may not stop services.')
    await stop.click({ force: true })
    expect(await page.getByRole('dialog').count()).toBe(0)
    await page.close()
    await own.stop()
    expect(said).toEqual([])
  })
})
