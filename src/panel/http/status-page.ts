/** What everybody may see where it is switched on: names and states. Nothing that cannot be confirmed is shown as well. */
import { createHash } from 'node:crypto'

import { html } from 'hono/html'

import type { Clock } from '../../types.ts'
import type { Feed } from '../panel-data.ts'
import type { Now, PublicStatus, ShownStatus } from '../protocol.ts'
import type { Call } from './call.ts'

/** What was found out is good for so long, however many ask. */
const GOOD_MS = 15_000

const WORST_FIRST: readonly ShownStatus[] = ['unhealthy', 'degraded', 'unknown', 'stopped', 'draining', 'paused', 'healthy']

const WORDS: Readonly<Record<ShownStatus, { readonly word: string; readonly mark: string }>> = {
  healthy: { word: 'Healthy', mark: '✓' },
  degraded: { word: 'Degraded', mark: '!' },
  unhealthy: { word: 'Unhealthy', mark: '✕' },
  stopped: { word: 'Stopped', mark: '■' },
  draining: { word: 'Draining', mark: '▾' },
  paused: { word: 'Paused', mark: '‖' },
  unknown: { word: 'Unknown', mark: '?' },
}

export function publicStatus({
  at,
  staleSince,
  services,
}: Pick<Now, 'at' | 'staleSince'> & { readonly services: readonly { service: string; status: ShownStatus }[] }): PublicStatus {
  const shown = services.map(({ service, status }) => ({ name: service, status: staleSince === undefined ? status : 'unknown' }) as const)
  return {
    at: iso(at),
    status: WORST_FIRST.find((status) => shown.some((each) => each.status === status)) ?? 'unknown',
    ...(staleSince !== undefined && { staleSince: iso(staleSince) }),
    services: shown,
  }
}

export class StatusPage {
  readonly #feed: Feed
  readonly #clock: Clock
  #known: { readonly until: number; readonly status: PublicStatus } | undefined

  constructor(feed: Feed, clock: Clock) {
    this.#feed = feed
    this.#clock = clock
  }

  async page({ request, base }: Call): Promise<Response> {
    return cacheable(request, await pageOf(this.#status(), base), 'text/html; charset=utf-8')
  }

  json({ request }: Call): Response {
    return cacheable(request, JSON.stringify(this.#status()), 'application/json')
  }

  #status(): PublicStatus {
    const now = this.#clock.monotonicMs()
    if (!this.#known || now >= this.#known.until) this.#known = { until: now + GOOD_MS, status: publicStatus(this.#feed.latest().now) }
    return this.#known.status
  }
}

async function pageOf(status: PublicStatus, base: string): Promise<string> {
  const { word, mark } = WORDS[status.status]
  const nothing = status.services.length === 0 ? html`<p>Nothing is known: no service has been heard of.</p>` : ''
  const stale =
    status.staleSince === undefined
      ? ''
      : html`<p>Not confirmed since <time datetime="${status.staleSince}">${readable(status.staleSince)}</time>.</p>`
  const rows = status.services.map(
    (each) =>
      html`<tr>
        <th scope="row">${each.name}</th>
        <td class="${each.status}"><span aria-hidden="true">${WORDS[each.status].mark}</span> ${WORDS[each.status].word}</td>
      </tr>`,
  )
  const table = html`<table>
    <caption>
      Services
    </caption>
    <thead>
      <tr>
        <th scope="col">Name</th>
        <th scope="col">State</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`
  const page = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Status: ${word}</title>
        <link rel="stylesheet" href="${base}/status.css" />
      </head>
      <body>
        <main>
          <h1 class="${status.status}"><span aria-hidden="true">${mark}</span> ${word}</h1>
          <p>As of <time datetime="${status.at}">${readable(status.at)}</time>.</p>
          ${stale}${nothing}${status.services.length === 0 ? '' : table}
        </main>
      </body>
    </html>`
  // It is an object of type String, which not everything takes for a text.
  return page.toString()
}

export const STATUS_CSS = `:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0; background: light-dark(#fff, #14171c); color: light-dark(#1c2128, #e6e9ee); }
main { max-width: 40rem; margin: 0 auto; padding: 1.5rem 1rem; }
h1 { font-size: 1.75rem; margin: 0; }
table { width: 100%; border-collapse: collapse; }
caption { text-align: left; font-weight: 600; padding: .75rem 0 .25rem; }
th, td { text-align: left; padding: .4rem .5rem .4rem 0; border-bottom: 1px solid light-dark(#d5dae1, #343a44); font-weight: normal; overflow-wrap: anywhere; }
thead th { font-weight: 600; }
td { white-space: nowrap; width: 9rem; }
td span, h1 span { display: inline-block; width: 1.2em; text-align: center; font-weight: 700; }
.healthy { color: light-dark(#12652f, #6fd08c); }
.degraded { color: light-dark(#7a4b00, #f0b849); }
.unhealthy { color: light-dark(#a31621, #ff8f8a); }
.stopped, .unknown { color: light-dark(#4b5563, #aab3c0); }
`

function cacheable({ headers }: Request, body: string, type: string): Response {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  const shared = { 'content-type': type, 'cache-control': `public, max-age=${GOOD_MS / 1000}`, etag }
  return headers.get('if-none-match')?.includes(etag)
    ? new Response(null, { status: 304, headers: shared })
    : new Response(body, { headers: shared })
}

function iso(epochMs: number): string {
  return new Date(epochMs).toISOString()
}

function readable(isoTime: string): string {
  return isoTime.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')
}
