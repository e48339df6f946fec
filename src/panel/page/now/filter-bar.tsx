/** What of Now is shown: kept in the address, so that it can be sent to a colleague. */
import type { JSX } from 'preact'

import type { ShownStatus } from '../../protocol.ts'
import { Shape } from '../parts/mark.tsx'
import { SearchField } from '../parts/search-field.tsx'
import { NO_FILTER, type NowFilter } from '../route/route.ts'
import { alerts, services } from '../state/store.ts'
import { texts } from '../texts.ts'
import { WORST_FIRST } from './order.ts'

const words = texts.now

interface FilterBarProps {
  readonly filter: NowFilter
  readonly onChange: (change: Partial<NowFilter>) => void
}

export function FilterBar({ filter, onChange }: FilterBarProps): JSX.Element {
  const { q, states, severity, unacked, grouped } = filter
  const counts = new Map<ShownStatus, number>()
  for (const { status } of services.value) counts.set(status, (counts.get(status) ?? 0) + 1)
  const present = WORST_FIRST.filter((state) => counts.has(state) || states.includes(state))
  const isFiltered = q !== '' || states.length > 0 || severity !== undefined || unacked
  return (
    <search class="filter">
      <SearchField value={q} says={words.search} onInput={(value) => onChange({ q: value })} />
      <div role="group" aria-label={words.states} class="chips">
        {present.map((state) => (
          <Toggle
            key={state}
            on={states.includes(state)}
            onToggle={(on) => onChange({ states: on ? [...states, state] : states.filter((each) => each !== state) })}
          >
            <span class={`mark is-${state}`}>
              <Shape of={state} />
            </span>
            {texts.status[state]} {counts.get(state) ?? 0}
          </Toggle>
        ))}
        <Toggle on={grouped} onToggle={(on) => onChange({ grouped: on })}>
          {words.grouped}
        </Toggle>
      </div>
      {(alerts.value.length > 0 || severity !== undefined || unacked) && (
        <div role="group" aria-label={words.alerts} class="chips">
          {(['CRITICAL', 'WARNING'] as const).map((each) => (
            <Toggle key={each} on={severity === each} onToggle={(on) => onChange({ severity: on ? each : undefined })}>
              {each} {alerts.value.filter((alert) => alert.severity === each).length}
            </Toggle>
          ))}
          <Toggle on={unacked} onToggle={(on) => onChange({ unacked: on })}>
            {words.unacked} {alerts.value.filter(({ ack }) => !ack).length}
          </Toggle>
        </div>
      )}
      {isFiltered && (
        <button type="button" onClick={() => onChange({ ...NO_FILTER, grouped })}>
          {words.clear}
        </button>
      )}
    </search>
  )
}

interface ToggleProps {
  readonly on: boolean
  readonly onToggle: (on: boolean) => void
  readonly children: JSX.Element | (JSX.Element | string | number)[] | string
}

function Toggle({ on, onToggle, children }: ToggleProps): JSX.Element {
  return (
    <button type="button" class="chip" aria-pressed={on} onClick={() => onToggle(!on)}>
      {children}
    </button>
  )
}
