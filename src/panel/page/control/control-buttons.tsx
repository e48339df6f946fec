/** The six actions, each with why not where it cannot be asked. */
import type { JSX } from 'preact'

import type { ControlAction } from '../../control-protocol.ts'
import { ActButton } from '../actions/act-button.tsx'
import { whyNot, type Controlled } from './why-not.ts'

const ACTIONS: readonly ControlAction[] = ['pause', 'resume', 'drain', 'stop', 'start', 'restart']

interface ControlButtonsProps {
  readonly controlled: Controlled
  readonly instance: string | null
}

export function ControlButtons({ controlled, instance }: ControlButtonsProps): JSX.Element {
  return (
    <div class="actions">
      {ACTIONS.map((action) => {
        const not = whyNot(action, controlled)
        const of = { control: action, service: controlled.service, instance }
        return <ActButton key={action} action={action} of={of} {...(not !== undefined && { not })} />
      })}
    </div>
  )
}
