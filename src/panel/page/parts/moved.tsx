import type { JSX } from 'preact'

import { texts } from '../texts.ts'

/** Says that an order is held still, and lets it go. */
export function Moved({ count, onSort }: { readonly count: number; readonly onSort: () => void }): JSX.Element | null {
  if (count === 0) return null
  return (
    <span class="moved">
      {texts.now.moved(count)}{' '}
      <button type="button" onClick={onSort}>
        {texts.now.resort}
      </button>
    </span>
  )
}
