/** States and severities: a shape, a word and a colour, so that none of the three is needed alone. */
import type { JSX } from 'preact'

import type { Severity } from '../../../types.ts'
import type { ShownStatus } from '../../protocol.ts'
import { isFresh } from '../state/store.ts'
import { texts } from '../texts.ts'
import { SHAPES, type ShapeName } from './shapes.ts'

export function Shape({ of }: { readonly of: ShapeName }): JSX.Element {
  return (
    <svg class="shape" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={SHAPES[of]} fill-rule="evenodd" />
    </svg>
  )
}

/** What is not known to be so now is said in the past, and has no colour. */
export function StatusMark({ status }: { readonly status: ShownStatus }): JSX.Element {
  const word = texts.status[status]
  return (
    <span class={`mark is-${status}`}>
      <Shape of={status} />
      <span>{isFresh.value ? word : texts.was(word)}</span>
    </span>
  )
}

export function SeverityMark({ severity }: { readonly severity: Severity }): JSX.Element {
  return (
    <span class={`mark is-${severity}`}>
      <Shape of={severity} />
      <span>{texts.severity[severity]}</span>
    </span>
  )
}
