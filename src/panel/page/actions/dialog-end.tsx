/** The end of every dialog: what went wrong, and its two buttons. */
import type { JSX } from 'preact'

import type { Action } from '../../protocol.ts'
import { texts } from '../texts.ts'
import { asking } from './asking.ts'

interface DialogEndProps {
  readonly action: Action
  readonly error: string | undefined
  readonly isSending: boolean
}

export function DialogEnd({ action, error, isSending }: DialogEndProps): JSX.Element {
  const { sending, verbs, cancel } = texts.actions
  return (
    <>
      {error !== undefined && (
        <p class="trouble" role="alert">
          {error}
        </p>
      )}
      <div class="buttons">
        <button type="submit" class="main" disabled={isSending}>
          {isSending ? sending : verbs[action]}
        </button>
        <button type="button" onClick={closeDialog}>
          {cancel}
        </button>
      </div>
    </>
  )
}

export function closeDialog(): void {
  asking.value = undefined
}
