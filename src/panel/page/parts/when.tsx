/** Times that stay true: one signal, once a second, for all of them. */
import { useComputed, useSignal } from '@preact/signals'
import type { JSX } from 'preact'

import { duration } from '../../../subscribe/duration.ts'
import { ago, exactly, left } from '../show/when.ts'
import { now } from '../state/store.ts'

interface At {
  /** Epoch milliseconds. */
  readonly at: number
}

function Time({ at, say }: At & { readonly say: (at: number, now: number) => string }): JSX.Element {
  const moment = useSignal(at)
  moment.value = at
  // Of the text alone: what it stands in is not drawn again each second.
  const text = useComputed(() => say(moment.value, now.value))
  return (
    <time datetime={new Date(at).toISOString()} title={exactly(at)}>
      {text}
    </time>
  )
}

/** `3 min ago`. */
export function Ago({ at }: At): JSX.Element {
  return <Time at={at} say={ago} />
}

/** `3 min`: how long it has been so. */
export function For({ at }: At): JSX.Element {
  return <Time at={at} say={lasted} />
}

/** `2 h left`. */
export function Left({ at }: At): JSX.Element {
  return <Time at={at} say={left} />
}

function lasted(from: number, to: number): string {
  return duration(to - from)
}
