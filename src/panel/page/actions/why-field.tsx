/** The reason that every action needs. */
import type { JSX } from 'preact'

import { texts } from '../texts.ts'

const words = texts.actions

export function WhyField(): JSX.Element {
  return (
    <label>
      {words.why}
      <textarea name="why" required rows={2} maxLength={500} placeholder={words.whyHint} autoFocus onKeyDown={sendByKey} />
    </label>
  )
}

/** Enter makes a new line, Ctrl or Command with it sends. */
function sendByKey(event: KeyboardEvent): void {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) (event.currentTarget as HTMLTextAreaElement).form?.requestSubmit()
}

/** What stands in a field of a form that is sent, without spaces around it. */
export function textOf(said: FormData, name: string): string {
  const value = said.get(name)
  return typeof value === 'string' ? value.trim() : ''
}
