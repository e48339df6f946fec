/** One request and what has become of it so far, instance by instance. */
import type { JSX } from 'preact'
import { useId } from 'preact/hooks'

import { duration } from '../../../subscribe/duration.ts'
import type { AskedInstance, RequestRow, RequestState } from '../../control-protocol.ts'
import { ActButton } from '../actions/act-button.tsx'
import { Shape } from '../parts/mark.tsx'
import type { ShapeName } from '../parts/shapes.ts'
import { Ago } from '../parts/when.tsx'
import { dayAndTime } from '../show/when.ts'
import { texts } from '../texts.ts'
import { HOLDING } from './why-not.ts'

const words = texts.control
const SHAPES: Readonly<Record<RequestState, ShapeName>> = {
  waiting: 'stopped',
  'under way': 'draining',
  done: 'healthy',
  failed: 'unhealthy',
  refused: 'degraded',
  expired: 'unknown',
}

export function RequestCard({ request, service }: { readonly request: RequestRow; readonly service: string }): JSX.Element {
  const { id, action, instance, by, why, from, at, until, state, asked, askedLeftOut = 0 } = request
  const title = useId()
  const isOpen = state === 'waiting' || state === 'under way'
  return (
    <article class={`asked${isOpen ? ' is-open' : ''}`} data-request={id} data-state={state} aria-labelledby={title}>
      <div class="bar-of-title">
        <h4 id={title}>
          {texts.actions.verbs[action]}: {instance ?? words.all}
          {until !== undefined && ` ${words.until(dayAndTime(until))}`}
        </h4>
        {isOpen && HOLDING.has(action) && (
          <ActButton action="resume" of={{ control: 'resume', service, instance }}>
            {words.callOff}
          </ActButton>
        )}
      </div>
      <p class="quiet small">
        <Ago at={at} /> {words.whose(by, why)} ({texts.alert.from(from)})
      </p>
      {/* Only that one more has done it is read out: what is in hand is another figure every second. */}
      <p role="status">
        <State of={state} /> <strong>{progressOf(request)}</strong>
      </p>
      <ul class="plain">
        {asked.map((each) => (
          <li key={each.instance} data-asked={each.instance}>
            <State of={each.state} /> {each.instance} <span class="quiet">{saidOf(each, at)}</span>
          </li>
        ))}
        {askedLeftOut > 0 && <li class="quiet">{words.more(askedLeftOut)}</li>}
      </ul>
    </article>
  )
}

function State({ of }: { readonly of: RequestState }): JSX.Element {
  const shape = SHAPES[of]
  return (
    <span class={`mark is-${shape}`}>
      <Shape of={shape} /> <span>{words.states[of]}</span>
    </span>
  )
}

/** `2 of 3 drained`. */
function progressOf({ action, asked, askedLeftOut = 0 }: RequestRow): string {
  return words.progress(action, asked.filter(({ state }) => state === 'done').length, asked.length + askedLeftOut)
}

/** What is in hand while it is under way; how long it took when it is done; what it said. */
function saidOf({ state, at, reason, inHand, oldestSeconds = 0 }: AskedInstance, askedAt: number): string {
  const parts = [
    ...(state === 'under way' && inHand !== undefined ? [words.inHand(inHand, duration(1000 * oldestSeconds))] : []),
    ...(state === 'done' && at !== undefined ? [texts.alert.took(duration(at - askedAt))] : []),
    ...(reason === undefined ? [] : [reason]),
  ]
  return parts.join(' ')
}
