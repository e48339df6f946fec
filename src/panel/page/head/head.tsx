/** On every screen: the worst state, how many are how, and whether all that can be trusted. */
import { computed, type ReadonlySignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'

import { StatusMark } from '../parts/mark.tsx'
import { Link } from '../parts/link.tsx'
import { NO_FILTER, type Route } from '../route/route.ts'
import type { ShownStatus } from '../../protocol.ts'
import { alerts, freshness, isFresh, services } from '../state/store.ts'
import { route } from '../state/where.ts'
import { texts } from '../texts.ts'
import { summaryOf, type Summary } from './summary.ts'

const words = texts.head

export const summary: ReadonlySignal<Summary> = computed(() => summaryOf(services.value, alerts.value))

const BAD: ReadonlySet<ShownStatus> = new Set(['unhealthy', 'degraded', 'unknown'])

const SCREENS: readonly (readonly [keyof typeof texts.nav, Route])[] = [
  ['now', { screen: 'now', filter: NO_FILTER }],
  ['map', { screen: 'map' }],
  ['trends', { screen: 'trends', range: '24h' }],
  ['silences', { screen: 'silences' }],
  ['journal', { screen: 'journal', q: '' }],
]

export function Head(): JSX.Element {
  const { worst, counts, critical, warning } = summary.value
  return (
    <header class="head">
      <Link to={{ screen: 'now', filter: NO_FILTER }} class={`worst is-${worst ?? 'unknown'}`} title={words.worst}>
        {worst === undefined ? words.nothing : <StatusMark status={worst} />}
      </Link>
      <ul class="counts plain" aria-label={words.counts}>
        {counts.map(({ status, count }) => (
          <li key={status}>
            <Link to={{ screen: 'now', filter: { ...NO_FILTER, states: [status] } }}>
              {count} {texts.status[status]}
            </Link>
          </li>
        ))}
        <li class={critical > 0 ? 'is-loud' : ''}>{words.alerts(critical, warning)}</li>
      </ul>
      <Fresh />
      <nav aria-label={texts.nav.label}>
        {SCREENS.map(([name, to]) => (
          <Link key={name} to={to} current={route.value.screen === to.screen}>
            {texts.nav[name]}
          </Link>
        ))}
      </nav>
    </header>
  )
}

/** Of its own: it is another each second, and the rest of the head is not. */
function Fresh(): JSX.Element {
  const is = freshness.value
  return (
    <span class={`fresh is-${is.is}`} data-fresh={is.is}>
      {texts.freshness(is)}
    </span>
  )
}

/** The tab says the worst, too. */
export function useTitle(): void {
  const { counts } = summary.value
  const [worst] = counts
  const isBad = worst !== undefined && BAD.has(worst.status)
  const bad = !isFresh.value ? '…' : isBad ? `${worst.count} ${texts.status[worst.status]}` : ''
  const shown = route.value
  const screen =
    shown.screen === 'service'
      ? shown.service
      : shown.screen === 'alert'
        ? texts.alert.crumb
        : shown.screen === 'login'
          ? texts.login.title
          : titleOf(shown)
  const title = texts.title(screen, bad)
  useEffect(() => {
    document.title = title
  }, [title])
}

function titleOf({ screen }: Route): string {
  return screen in texts.nav ? texts.nav[screen as keyof typeof texts.nav] : texts.product
}
