import type { JSX } from 'preact'

import { toasts, untell } from '../state/store.ts'
import { texts } from '../texts.ts'

/** What became of what somebody did. */
export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, bad }) => (
        <p key={id} class={bad ? 'toast is-bad' : 'toast'}>
          {text}
          <button type="button" aria-label={texts.close} onClick={() => untell(id)}>
            ×
          </button>
        </p>
      ))}
    </div>
  )
}
