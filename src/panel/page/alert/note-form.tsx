import type { JSX } from 'preact'
import { useState } from 'preact/hooks'

import { act } from '../state/api.ts'
import { may, session, tell } from '../state/store.ts'
import { texts } from '../texts.ts'

/** A few words about an alert, for whoever comes to it later. */
export function NoteForm({ alert, onDone }: { readonly alert: string; readonly onDone: () => void }): JSX.Element {
  const [error, setError] = useState<string>()
  if (!may('note')) return <p class="quiet">{texts.actions.mayNot('note', session.value?.role)}</p>
  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const why = new FormData(form).get('why')
    if (typeof why !== 'string' || why.trim() === '') return setError(texts.actions.needsWhy)
    try {
      const { refused } = await act('note', { alerts: [alert], why: why.trim() })
      if (refused[0]) return setError(refused[0].why)
    } catch (failure) {
      return setError(failure instanceof Error ? failure.message : String(failure))
    }
    setError(undefined)
    form.reset()
    tell(texts.actions.done('note', 1))
    onDone()
  }
  return (
    <form class="note-form" onSubmit={(event) => void send(event)}>
      <label>
        {texts.alert.note}
        <textarea name="why" required rows={2} maxLength={500} />
      </label>
      {error !== undefined && (
        <p class="trouble" role="alert">
          {error}
        </p>
      )}
      <button type="submit">{texts.actions.verbs.note}</button>
    </form>
  )
}
