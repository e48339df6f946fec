/** For how long: one of a few spans, or another that is typed. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'

import { timeSpan } from '../../../control/time-span.ts'
import { texts } from '../texts.ts'

const words = texts.actions

interface SpanFieldProps {
  /** Chosen at first. */
  readonly span: string
  /** One more to choose, which is no length. */
  readonly last?: readonly [value: string, name: string]
  readonly onChange: (span: string) => void
}

export function SpanField({ span, last, onChange }: SpanFieldProps): JSX.Element {
  const [chosen, choose] = useState(span)
  const [typed, setTyped] = useState('')
  const choices = [...Object.entries(words.spans), ...(last ? [last] : [])]
  const take = (value: string, other: string): void => {
    choose(value)
    setTyped(other)
    onChange(other.trim() === '' ? value : other)
  }
  return (
    <fieldset class="spans">
      <legend>{words.forHowLong}</legend>
      {choices.map(([value, name]) => (
        <label key={value} class="chip">
          <input
            type="radio"
            name="span"
            value={value}
            checked={typed.trim() === '' && value === chosen}
            onChange={() => take(value, '')}
          />
          {name}
        </label>
      ))}
      <input
        type="text"
        class="other"
        aria-label={words.forOther}
        placeholder={words.forOther}
        value={typed}
        onInput={({ currentTarget: { value } }) => take(chosen, value)}
      />
    </fieldset>
  )
}

/** Milliseconds; `undefined`: it is no length. */
export function spanOf(text: string): number | undefined {
  try {
    return timeSpan(text, words.forHowLong)
  } catch {
    return undefined
  }
}
