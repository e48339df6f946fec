/**
 * Pictures of a panel that runs, for docs: `node scripts/panel-pictures.ts http://127.0.0.1:8010 docs/panel` takes each screen of what is there,
 * with a name after the folder the screen Now alone: `… docs/panel first-start`. Needs Debian's chromium.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'

const DESK: BrowserContextOptions = { viewport: { width: 1280, height: 860 } }
const DARK: BrowserContextOptions = { ...DESK, colorScheme: 'dark' }
const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }
/** Bars and charts come after the page. Milliseconds. */
const SETTLED = 2500
/** Pixels; a page that is longer is cut. */
const LONGEST = 2000

const [, , url, folder, only] = process.argv
if (url === undefined || folder === undefined) throw new Error('Usage: node scripts/panel-pictures.ts <url of a panel> <folder> [name]')
mkdirSync(folder, { recursive: true })
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
try {
  if (only === undefined) await takeAll(browser)
  else await take(browser, only, '/', DESK)
} finally {
  await browser.close()
}

async function takeAll(on: Browser): Promise<void> {
  const page = await opened(on, '/', DESK)
  const alert = await page.locator('[data-alert]').last().getAttribute('data-alert')
  const service = await page.locator('[data-service]').first().getAttribute('data-service')
  await page.context().close()
  for (const [kind, options] of [['', DESK] as const, ['-dark', DARK] as const, ['-phone', PHONE] as const]) {
    await take(on, `now${kind}`, '/', options)
    await take(on, `service${kind}`, `/service/${service}`, options)
    await take(on, `alert${kind}`, `/alert/${alert}`, options)
    await take(on, `map${kind}`, '/map', options)
    await take(on, `trends${kind}`, `/trends?service=${service}`, options)
    await take(on, `silences${kind}`, '/silences', options)
    await take(on, `journal${kind}`, '/journal', options)
  }
}

async function opened(on: Browser, path: string, options: BrowserContextOptions): Promise<Page> {
  const page = await (await on.newContext(options)).newPage()
  await page.goto(url + path)
  await page.getByRole('heading').first().waitFor()
  await page.waitForTimeout(SETTLED)
  return page
}

async function take(on: Browser, name: string, path: string, options: BrowserContextOptions): Promise<void> {
  const page = await opened(on, path, options)
  const debug = await page.context().newCDPSession(page)
  const { cssContentSize } = await debug.send('Page.getLayoutMetrics')
  const { width, height } = options.viewport!
  // Rows that are not on the screen are not there: of a long table only that can be seen.
  const longest = path === '/' ? height : LONGEST
  const { data } = await debug.send('Page.captureScreenshot', {
    ...{ format: 'webp', quality: 85, captureBeyondViewport: true },
    clip: { x: 0, y: 0, width, height: Math.min(Math.max(cssContentSize.height, height), longest), scale: 1 },
  })
  writeFileSync(join(folder!, `${name}.webp`), Buffer.from(data, 'base64'))
  await page.context().close()
}
