/** The one dialog of all actions: what is done to what, why, and for how long. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'

import { timeSpan } from '../../../control/time-span.ts'
import type { ActionAnswer } from '../../protocol.ts'
import { useModal } from '../parts/modal.ts'
import { act } from '../state/api.ts'
import { tell, ticked } from '../state/store.ts'
import { texts } from '../texts.ts'
import { asking, type Asking } from './asking.ts'
import { MatcherField } from './matcher-field.tsx'
import { requestsOf } from './request-of.ts'

const words = texts.actions
/** In the place of a length: it ends with the alert. */
const UNTIL_RESOLVED = 'resolved'

export function ActDialog(): JSX.Element | null {
  const asked = asking.value
  return asked ? <Dialog key={JSON.stringify([asked.action, aboutOf(asked)])} asked={asked} /> : null
}

function Dialog({ asked }: { readonly asked: Asking }): JSX.Element {
  const { action } = asked
  const box = useModal()
  const [error, setError] = useState<string>()
  const [isSending, setSending] = useState(false)
  const [span, setSpan] = useState(action === 'ack' ? '4h' : '1h')
  const [other, setOther] = useState('')
  const [matchers, setMatchers] = useState<readonly string[]>('matchers' in asked ? asked.matchers : [])
  const [repeats, setRepeats] = useState(false)

  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const said = new FormData(event.currentTarget as HTMLFormElement)
    const why = textOf(said, 'why')
    const forMs = span === UNTIL_RESOLVED ? undefined : spanOf(other.trim() === '' ? span : other)
    if (why === '') return setError(words.needsWhy)
    if (takesTime(asked) && span !== UNTIL_RESOLVED && forMs === undefined) return setError(words.forWrong)
    const filled = {
      why,
      matchers,
      ...(forMs !== undefined && { forMs }),
      ...(repeats && { repeats: { every: textOf(said, 'every'), zone: textOf(said, 'zone') } }),
    }
    setSending(true)
    const answers: ActionAnswer[] = []
    try {
      for (const request of requestsOf(asked, filled)) answers.push(await act(action, request))
    } catch (failure) {
      setSending(false)
      return setError(failure instanceof Error ? failure.message : String(failure))
    }
    tellAnswer(asked, answers)
    if ('alerts' in asked) ticked.value = new Set()
    close()
  }

  return (
    <dialog ref={box} class="dialog" aria-labelledby="dialog-title" onClose={close} onCancel={close}>
      <form onSubmit={(event) => void send(event)} method="dialog">
        <h2 id="dialog-title">{words.titles[action]}</h2>
        <p class="about">{aboutOf(asked)}</p>
        <p class="quiet">{words.explains[action]}</p>
        {'matchers' in asked && span !== UNTIL_RESOLVED && <MatcherField matchers={matchers} onChange={setMatchers} />}
        <label>
          {words.why}
          <textarea name="why" required rows={2} maxLength={500} placeholder={words.whyHint} autoFocus onKeyDown={sendByKey} />
        </label>
        {action === 'maintenance' && <Repeats on={repeats} onChange={setRepeats} />}
        {takesTime(asked) && (
          <fieldset class="spans">
            <legend>{words.forHowLong}</legend>
            {Object.entries(words.spans).map(([value, name]) => (
              <Choice
                key={value}
                value={value}
                name={name}
                chosen={other === '' ? span : ''}
                onChoose={setSpan}
                onClear={() => setOther('')}
              />
            ))}
            {action === 'silence' && 'alert' in asked && asked.alert && (
              <Choice
                value={UNTIL_RESOLVED}
                name={words.untilResolved}
                chosen={other === '' ? span : ''}
                onChoose={setSpan}
                onClear={() => setOther('')}
              />
            )}
            <input
              type="text"
              class="other"
              aria-label={words.forOther}
              placeholder={words.forOther}
              value={other}
              onInput={({ currentTarget: { value } }) => {
                setOther(value)
                if (span === UNTIL_RESOLVED) setSpan('1h')
              }}
            />
          </fieldset>
        )}
        {error !== undefined && (
          <p class="trouble" role="alert">
            {error}
          </p>
        )}
        <div class="buttons">
          <button type="submit" class="main" disabled={isSending}>
            {isSending ? words.sending : words.verbs[action]}
          </button>
          <button type="button" onClick={close}>
            {words.cancel}
          </button>
        </div>
      </form>
    </dialog>
  )
}

interface ChoiceProps {
  readonly value: string
  readonly name: string
  readonly chosen: string
  readonly onChoose: (value: string) => void
  readonly onClear: () => void
}

function Choice({ value, name, chosen, onChoose, onClear }: ChoiceProps): JSX.Element {
  const choose = (): void => {
    onChoose(value)
    onClear()
  }
  return (
    <label class="chip">
      <input type="radio" name="span" value={value} checked={chosen === value} onChange={choose} />
      {name}
    </label>
  )
}

function Repeats({ on, onChange }: { readonly on: boolean; readonly onChange: (on: boolean) => void }): JSX.Element {
  return (
    <fieldset class="spans">
      <legend>{words.when}</legend>
      <label class="chip">
        <input type="radio" name="repeats" checked={!on} onChange={() => onChange(false)} />
        {words.once}
      </label>
      <label class="chip">
        <input type="radio" name="repeats" checked={on} onChange={() => onChange(true)} />
        {words.repeated}
      </label>
      {on && (
        <div class="two">
          <label>
            {words.every}
            <input type="text" name="every" required defaultValue="Sun 02:00" />
          </label>
          <label>
            {words.zone}
            <input type="text" name="zone" required defaultValue={Intl.DateTimeFormat().resolvedOptions().timeZone} />
          </label>
        </div>
      )}
    </fieldset>
  )
}

function close(): void {
  asking.value = undefined
}

/** Enter makes a new line, Ctrl or Command with it sends. */
function sendByKey(event: KeyboardEvent): void {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) (event.currentTarget as HTMLTextAreaElement).form?.requestSubmit()
}

function takesTime({ action }: Asking): boolean {
  return action === 'ack' || action === 'silence' || action === 'maintenance' || action === 'extend'
}

function textOf(said: FormData, name: string): string {
  const value = said.get(name)
  return typeof value === 'string' ? value.trim() : ''
}

function spanOf(text: string): number | undefined {
  try {
    return timeSpan(text, words.forHowLong)
  } catch {
    return undefined
  }
}

/** What it is done to, in few words. */
function aboutOf(asked: Asking): string {
  if ('service' in asked) return asked.service
  if ('silence' in asked) return asked.silence.matcher
  const chosen = 'alerts' in asked ? asked.alerts : asked.alert ? [asked.alert] : []
  const [first] = chosen
  if (!first) return ''
  return chosen.length === 1 ? `${first.service}: ${first.rule}` : texts.several(chosen.length, 'alert')
}

function tellAnswer(asked: Asking, answers: readonly ActionAnswer[]): void {
  const done = answers.flatMap((answer) => answer.done)
  const refused = answers.flatMap((answer) => answer.refused)
  if (done.length > 0) tell(words.done(asked.action, done.length))
  for (const { what, why } of refused.slice(0, 3)) tell(words.refused(what, why), true)
  if (refused.length > 3) tell(words.andMore(refused.length - 3), true)
}
