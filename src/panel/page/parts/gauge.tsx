import type { JSX } from 'preact'

/** How much of a whole there is: `part` from 0 to 1, and what is beyond is full. */
export function Gauge({ label, part }: { readonly label: string; readonly part: number }): JSX.Element {
  const shown = Math.round(Math.max(0, Math.min(1, part)) * 100)
  return (
    <span
      class={part >= 1 ? 'gauge is-full' : 'gauge'}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={shown}
    >
      <span style={{ width: `${shown}%` }} />
    </span>
  )
}
