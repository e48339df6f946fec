/** Debian's Chromium, as .ci/run installs it, and what is looked for in a page. */
import axe from 'axe-core'
import { chromium, type Browser, type Page } from 'playwright-core'

export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
}

/** What axe finds, a line each. The page's own policy allows no such script: it is put in by the debugger, which is not bound by it. */
export async function axeViolations(page: Page): Promise<readonly string[]> {
  const session = await page.context().newCDPSession(page)
  await session.send('Runtime.evaluate', { expression: axe.source })
  const { result } = await session.send('Runtime.evaluate', {
    expression: `axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html, any }) => id + ': ' + html.slice(0, 200) + ' ' + any.map(({ message }) => message).join(' '))))`,
    awaitPromise: true,
    returnByValue: true,
  })
  await session.detach()
  return result.value as readonly string[]
}

/** Whether anything is wider than the screen. */
export async function scrollsSideways(page: Page): Promise<boolean> {
  return await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')
}
