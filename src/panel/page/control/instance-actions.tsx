/** What can be asked of one instance, out of the way until somebody wants it. */
import type { JSX } from 'preact'

import { texts } from '../texts.ts'
import { ControlButtons } from './control-buttons.tsx'
import type { Controlled } from './why-not.ts'

const words = texts.control

export function InstanceActions({ controlled, instance }: { readonly controlled: Controlled; readonly instance: string }): JSX.Element {
  return (
    <details class="instance-actions">
      <summary aria-label={words.actions(instance)}>{words.menu}</summary>
      <ControlButtons controlled={controlled} instance={instance} />
    </details>
  )
}
