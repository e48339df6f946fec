/** The one dialog of all actions: what is done to what, why, and for how long. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'

import type { ActionAnswer } from '../../protocol.ts'
import { useModal } from '../parts/modal.ts'
import { act } from '../state/api.ts'
import { tell, ticked } from '../state/store.ts'
import { texts } from '../texts.ts'
import { asking, type AskingAboutAlerts } from './asking.ts'
import { closeDialog, DialogEnd } from './dialog-end.tsx'
import { ControlDialog } from '../control/control-dialog.tsx'
import { MatcherField } from './matcher-field.tsx'
import { requestsOf } from './request-of.ts'
import { SpanField, spanOf } from './span-field.tsx'
import { textOf, WhyField } from './why-field.tsx'

const words = texts.actions
/** In the place of a length: it ends with the alert. */
const UNTIL_RESOLVED = 'resolved'

export function ActDialog(): JSX.Element | null {
  const asked = asking.value
  if (asked && 'control' in asked) return <ControlDialog key={JSON.stringify(asked)} asked={asked} />
  return asked ? <Dialog key={JSON.stringify([asked.action, aboutOf(asked)])} asked={asked} /> : null
}

function Dialog({ asked }: { readonly asked: AskingAboutAlerts }): JSX.Element {
  const { action } = asked
  const box = useModal()
  const [error, setError] = useState<string>()
  const [isSending, setSending] = useState(false)
  const [span, setSpan] = useState(action === 'ack' ? '4h' : '1h')
  const [matchers, setMatchers] = useState<readonly string[]>('matchers' in asked ? asked.matchers : [])
  const [repeats, setRepeats] = useState(false)

  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const said = new FormData(event.currentTarget as HTMLFormElement)
    const why = textOf(said, 'why')
    const forMs = span === UNTIL_RESOLVED ? undefined : spanOf(span)
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
    closeDialog()
  }

  return (
    <dialog ref={box} class="dialog" aria-labelledby="dialog-title" onClose={closeDialog} onCancel={closeDialog}>
      <form onSubmit={(event) => void send(event)} method="dialog">
        <h2 id="dialog-title">{words.titles[action]}</h2>
        <p class="about">{aboutOf(asked)}</p>
        <p class="quiet">{words.explains[action]}</p>
        {'matchers' in asked && span !== UNTIL_RESOLVED && <MatcherField matchers={matchers} onChange={setMatchers} />}
        <WhyField />
        {action === 'maintenance' && <Repeats on={repeats} onChange={setRepeats} />}
        {takesTime(asked) && (
          <SpanField
            span={span}
            {...(action === 'silence' && 'alert' in asked && asked.alert && { last: [UNTIL_RESOLVED, words.untilResolved] as const })}
            onChange={setSpan}
          />
        )}
        <DialogEnd action={action} error={error} isSending={isSending} />
      </form>
    </dialog>
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

function takesTime({ action }: AskingAboutAlerts): boolean {
  return action === 'ack' || action === 'silence' || action === 'maintenance' || action === 'extend'
}

/** What it is done to, in few words. */
function aboutOf(asked: AskingAboutAlerts): string {
  if ('service' in asked) return asked.service
  if ('silence' in asked) return asked.silence.matcher
  const chosen = 'alerts' in asked ? asked.alerts : asked.alert ? [asked.alert] : []
  const [first] = chosen
  if (!first) return ''
  return chosen.length === 1 ? `${first.service}: ${first.rule}` : texts.several(chosen.length, 'alert')
}

function tellAnswer(asked: AskingAboutAlerts, answers: readonly ActionAnswer[]): void {
  const done = answers.flatMap((answer) => answer.done)
  const refused = answers.flatMap((answer) => answer.refused)
  if (done.length > 0) tell(words.done(asked.action, done.length))
  for (const { what, why } of refused.slice(0, 3)) tell(words.refused(what, why), true)
  if (refused.length > 3) tell(words.andMore(refused.length - 3), true)
}
