/** `npm start -- --all` with its panel in a browser: what a new user sees. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { DemoProcess } from '../../e2e/demo-process.ts'
import { startBrowser } from './browser.ts'

const SERVICES = ['tracker_fetcher', 'location_aggregator', 'realtime_geofence', 'notification', 'geocoding']

let demo: DemoProcess
let browser: Browser
beforeAll(async () => {
  demo = new DemoProcess(['--all'])
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
  await demo?.stop()
})

test('the five services are there, and a fault is without a reload, with what it does to the others', async () => {
  const url = /http:\/\/\S+/.exec((await demo.line(/ runs +panel /)).text)![0]
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  await page.goto(url)
  for (const service of SERVICES) await page.locator(`[data-service="${service}"]`).getByText('healthy', { exact: true }).waitFor()
  const card = page.locator('[data-alert]').filter({ hasText: 'apple_account_unauthenticated' })
  const seen = card.waitFor().then(() => performance.now())
  const told = demo.line(/ alerts +tracker_fetcher fired apple_account_unauthenticated/).then(() => performance.now())
  await demo.fault('auth.2fa', 'on')
  const late = (await seen) - (await told)
  // How long that may take is told by panel.test.ts, of several faults: of one nothing can be said on a busy machine.
  console.log(`on the screen ${Math.round(late)} ms after the channel said it`)
  expect(late).toBeLessThan(10_000)
  await page
    .locator('[data-service="geocoding"]')
    .getByText(/depends on tracker_fetcher/)
    .waitFor()
  await page.getByRole('navigation').getByRole('link', { name: 'Map' }).click()
  await page
    .getByRole('listitem')
    .filter({ hasText: 'tracker_fetcher' })
    .filter({ hasText: 'apple_account_unauthenticated' })
    .first()
    .waitFor()
})
