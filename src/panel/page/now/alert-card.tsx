import type { JSX } from 'preact'

import type { AlertRow } from '../../protocol.ts'
import { ActButton } from '../actions/act-button.tsx'
import { matchersFor, meant } from '../actions/matchers-for.ts'
import { Labels } from '../parts/labels.tsx'
import { Elsewhere, Link, serviceRoute } from '../parts/link.tsx'
import { SeverityMark } from '../parts/mark.tsx'
import { Ago, For, Left } from '../parts/when.tsx'
import { ticked } from '../state/store.ts'
import { texts } from '../texts.ts'

const words = texts.now

export function AlertCards({ of }: { readonly of: readonly AlertRow[] }): JSX.Element {
  return (
    <ul class="plain">
      {of.map((alert) => (
        <li key={alert.id}>
          <AlertCard alert={alert} />
        </li>
      ))}
    </ul>
  )
}

export function AlertCard({ alert }: { readonly alert: AlertRow }): JSX.Element {
  const { id, episode, service, rule, labels, severity, since, message } = alert
  return (
    <article class={`alert is-${severity}${alert.ack ? ' is-acked' : ''}`} data-item={id} data-alert={id}>
      <input type="checkbox" aria-label={words.tick(service, rule)} checked={ticked.value.has(id)} onChange={() => tick(id)} />
      <div class="what">
        <h3>
          <SeverityMark severity={severity} />
          <Link to={serviceRoute(service)} class="service">
            {service}
          </Link>
          <Link to={{ screen: 'alert', id, episode }} class="rule main-link">
            {rule}
          </Link>
          <Labels of={labels} />
          <span class="quiet">
            <For at={since} />
          </span>
        </h3>
        <p class="evidence">{message}</p>
        <Standing alert={alert} />
        <Instances alert={alert} />
      </div>
      <AlertActions alert={alert} />
    </article>
  )
}

function tick(id: string): void {
  const next = new Set(ticked.peek())
  if (!next.delete(id)) next.add(id)
  ticked.value = next
}

/** Who looks after it, and what keeps people from being told. */
export function Standing({
  alert: { state, ack, silenced, inhibited, flapping, heldUntil, resolvedByHand },
}: {
  readonly alert: AlertRow
}): JSX.Element | null {
  const badges = [
    state === 'unknown' && <span class="badge is-loud">{words.unknownState}</span>,
    state === 'recovering' && <span class="badge">{words.recovering}</span>,
    ack && (
      <span class="badge is-ack">
        {words.acked(ack.by)} <Ago at={ack.at} />, <Left at={ack.until} />: {ack.why}
      </span>
    ),
    resolvedByHand && (
      <span class="badge is-ack">
        {words.byHand(resolvedByHand.by)} <Ago at={resolvedByHand.at} />: {resolvedByHand.why}
      </span>
    ),
    silenced && silenced.length > 0 && (
      <Link to={{ screen: 'silences' }} class="badge">
        {words.silenced}
      </Link>
    ),
    inhibited && <span class="badge">{words.inhibited}</span>,
    flapping && <span class="badge">{words.flapping}</span>,
    heldUntil !== undefined && <span class="badge">{words.held}</span>,
  ].filter((badge) => typeof badge === 'object')
  return badges.length === 0 ? null : <p class="badges">{badges}</p>
}

export function Instances({ alert: { instances, instancesLeftOut = 0, runbook } }: { readonly alert: AlertRow }): JSX.Element | null {
  if (instances.length === 0 && runbook === undefined) return null
  return (
    <p class="quiet small">
      {instances.length > 0 && `${instances.map(({ instance }) => instance).join(', ')} `}
      {instancesLeftOut > 0 && `${words.left(instancesLeftOut)} `}
      {runbook !== undefined && <Elsewhere href={runbook}>{words.runbook}</Elsewhere>}
    </p>
  )
}

export function AlertActions({ alert }: { readonly alert: AlertRow }): JSX.Element {
  return (
    <div class="actions">
      {alert.ack ? (
        <ActButton action="unack" of={{ action: 'unack', alerts: [alert] }} />
      ) : (
        <ActButton action="ack" of={{ action: 'ack', alerts: [alert] }} />
      )}
      <ActButton action="resolve" of={{ action: 'resolve', alerts: [alert] }} />
      <ActButton action="silence" of={() => ({ action: 'silence', matchers: matchersFor([alert]), alert })} />
      <ActButton action="maintenance" of={() => ({ action: 'maintenance', matchers: [`service=${meant(alert.service)}`], alert })} />
    </div>
  )
}
