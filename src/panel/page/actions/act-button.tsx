/** A button that somebody may not press is there all the same, and says why. */
import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'

import type { Action } from '../../protocol.ts'
import { may, session } from '../state/store.ts'
import { texts } from '../texts.ts'
import { asking, type Asking } from './asking.ts'

interface ActButtonProps {
  readonly of: Asking | (() => Asking)
  readonly action: Action
  /** Why not now, whoever may. */
  readonly not?: string
  readonly children?: ComponentChildren
}

export function ActButton({ of, action, not, children }: ActButtonProps): JSX.Element {
  const id = useId()
  const words = children ?? texts.actions.verbs[action]
  if (may(action) && not !== undefined) {
    return (
      <button type="button" class="act" aria-disabled="true" aria-describedby={id} title={not}>
        {words}
        <span id={id} hidden>
          {not}
        </span>
      </button>
    )
  }
  if (may(action)) {
    return (
      <button type="button" class="act" onClick={() => (asking.value = typeof of === 'function' ? of() : of)}>
        {words}
      </button>
    )
  }
  return (
    <button type="button" class="act" aria-disabled="true" aria-describedby={`may-not-${action}`} title={whyNot(action)}>
      {words}
    </button>
  )
}

function whyNot(action: Action): string {
  return texts.actions.mayNot(action, session.value?.role)
}

/** The sentences that such buttons name, once for the whole page. */
export function WhyNot(): JSX.Element {
  const missing = (Object.keys(texts.actions.verbs) as Action[]).filter((action) => !may(action))
  return (
    <div hidden>
      {missing.map((action) => (
        <p key={action} id={`may-not-${action}`}>
          {whyNot(action)}
        </p>
      ))}
    </div>
  )
}
