/** What is open, the worst first: what it is, how it is known, who looks after it, and what can be done. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'

import { ActButton } from '../actions/act-button.tsx'
import { matchersFor } from '../actions/matchers-for.ts'
import type { AlertRow } from '../../protocol.ts'
import { useAttention } from '../parts/attention.ts'
import { useHeldOrder } from '../parts/held-order.ts'
import { Moved } from '../parts/moved.tsx'
import { isFresh, ticked } from '../state/store.ts'
import { texts } from '../texts.ts'
import { AlertCard, AlertCards } from './alert-card.tsx'
import { foldUnderCauses, type Told } from './fold.ts'

const words = texts.now
/** The services are not far below, and the page stays quick with hundreds open; whoever acts on all of them need not see all of them. */
const AT_FIRST = 10

export function AlertList({ all, shown }: { readonly all: readonly AlertRow[]; readonly shown: readonly AlertRow[] }): JSX.Element {
  const [most, setMost] = useState(AT_FIRST)
  const { isHeld, props } = useAttention()
  const told = foldUnderCauses(shown)
  const { items, moved, late, sortAgain } = useHeldOrder(told, ({ alert }) => alert.id, isHeld)
  // What has just begun is seen, however many there are.
  const visible = items.filter(({ alert }, i) => i < most || late.has(alert.id))
  return (
    <section aria-labelledby="alerts-title" class="alerts" {...props}>
      <div class="bar-of-title">
        <h2 id="alerts-title">
          {words.alerts} <span class="count">{shown.length}</span>
        </h2>
        <Moved count={moved} onSort={sortAgain} />
        {shown.length > 1 && <Bulk shown={shown} />}
      </div>
      {shown.length === 0 && (
        <p class={all.length === 0 && isFresh.value ? 'fine' : 'quiet'}>
          {all.length > 0 ? words.noneFound(all.length) : isFresh.value ? words.noAlerts : words.noAlertsUnsure}
        </p>
      )}
      <ul class="plain">
        {visible.map(({ alert, beneath }) => (
          <li key={alert.id}>
            <AlertCard alert={alert} />
            {beneath.length > 0 && <Beneath alerts={beneath} />}
          </li>
        ))}
      </ul>
      {items.length > visible.length && (
        <button type="button" onClick={() => setMost(most + 100)}>
          {words.more(Math.min(100, items.length - visible.length))}
        </button>
      )}
    </section>
  )
}

function Beneath({ alerts }: { readonly alerts: Told['beneath'] }): JSX.Element {
  return (
    <details class="beneath">
      <summary>{words.beneath(alerts.length)}</summary>
      <AlertCards of={alerts} />
    </details>
  )
}

/** Of all that are chosen; where none is, of all that the filter shows. */
function Bulk({ shown }: { readonly shown: readonly AlertRow[] }): JSX.Element {
  const chosen = shown.filter(({ id }) => ticked.value.has(id))
  const isAll = chosen.length === shown.length
  return (
    <div class="bulk">
      <label>
        <input
          type="checkbox"
          checked={isAll}
          ref={(box: HTMLInputElement | null) => {
            if (box) box.indeterminate = chosen.length > 0 && !isAll
          }}
          onChange={() => (ticked.value = new Set(isAll ? [] : shown.map(({ id }) => id)))}
        />
        {chosen.length === 0 ? words.tickAll : words.ticked(chosen.length)}
      </label>
      {chosen.length > 0 && (
        <>
          <ActButton action="ack" of={{ action: 'ack', alerts: chosen }} />
          <ActButton action="resolve" of={{ action: 'resolve', alerts: chosen }} />
          <ActButton action="silence" of={() => ({ action: 'silence', matchers: matchersFor(chosen) })} />
        </>
      )}
    </div>
  )
}
