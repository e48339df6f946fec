/** What happened in an episode, the oldest first. */
import type { ComponentChildren, JSX } from 'preact'

import { duration } from '../../../subscribe/duration.ts'
import type { Step, Transition } from '../../protocol.ts'
import { SeverityMark } from '../parts/mark.tsx'
import { dayOf, exactly, timeToTheSecond } from '../show/when.ts'
import { valueText } from '../show/value-text.ts'
import { now } from '../state/store.ts'
import { texts } from '../texts.ts'

const words = texts.alert

export function Steps({ steps }: { readonly steps: readonly Step[] }): JSX.Element {
  const [first] = steps
  return (
    <ol class="steps">
      {steps.map((step, i) => (
        <li key={`${step.at} ${step.kind} ${i}`} class={step.kind === 'transition' ? 'is-turn' : ''}>
          <time class="at" datetime={new Date(step.at).toISOString()} title={exactly(step.at)}>
            {dayOf(step.at) === dayOf(steps[i - 1]?.at ?? now.peek()) ? '' : `${dayOf(step.at)}, `}
            {timeToTheSecond(step.at)}
          </time>
          <What step={step} />
          {first && step.at - first.at >= 1000 && <span class="quiet small"> {words.took(duration(step.at - first.at))}</span>}
        </li>
      ))}
    </ol>
  )
}

function What({ step }: { readonly step: Step }): ComponentChildren {
  switch (step.kind) {
    case 'breach':
      return (
        <>
          <strong>{words.breach}</strong> {step.instance !== undefined && <span class="quiet">{step.instance}</span>}
          <p>{step.message}</p>
        </>
      )
    case 'told':
      return (
        <>
          {words.told(step.target)}: {nameOf(step.type)} <SeverityMark severity={step.severity} />
        </>
      )
    case 'action': {
      const { actor, action, why, from } = step.audit
      return (
        <>
          <strong>{actor}</strong> {texts.actions.deeds[action] ?? action}: {why} <span class="quiet small">{words.from(from)}</span>
        </>
      )
    }
    case 'transition':
      return <Turn transition={step.transition} />
  }
}

function Turn({ transition: { type, severity, message, deliver, actor, value } }: { readonly transition: Transition }): JSX.Element {
  const values = valueText(value)
  return (
    <>
      <strong>{nameOf(type)}</strong> <SeverityMark severity={severity} /> {actor !== null && <span>{words.by(actor)} </span>}
      {!deliver && <span class="quiet small">({words.notTold})</span>}
      <p>{message}</p>
      {values !== '' && <p class="values">{values}</p>}
    </>
  )
}

function nameOf(type: string): string {
  return words.steps[type] ?? type
}
