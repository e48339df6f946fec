/** Before a service is asked for something: what will happen, to whom, and how it went the last times. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'

import type { AskingService } from '../actions/asking.ts'
import { closeDialog, DialogEnd } from '../actions/dialog-end.tsx'
import { SpanField, spanOf } from '../actions/span-field.tsx'
import { textOf, WhyField } from '../actions/why-field.tsx'
import type { ControlFacts } from '../../control-protocol.ts'
import { useModal } from '../parts/modal.ts'
import type { ServiceDetail } from '../../protocol.ts'
import { act } from '../state/api.ts'
import { useResource } from '../state/resource.ts'
import { tell } from '../state/store.ts'
import { texts } from '../texts.ts'
import { foreseen } from './foreseen.ts'

const words = texts.control
const EVERY_MS = 2000
const SELDOM_MS = 15_000

export function ControlDialog({ asked: { control: action, service, instance } }: { readonly asked: AskingService }): JSX.Element {
  const box = useModal()
  const path = `services/${encodeURIComponent(service)}`
  const detail = useResource<ServiceDetail>(path, EVERY_MS)
  const facts = useResource<ControlFacts>(`${path}/control`, SELDOM_MS)
  const [error, setError] = useState<string>()
  const [isSending, setSending] = useState(false)
  const [span, setSpan] = useState('1h')
  const needsName = (action === 'stop' || action === 'drain') && (facts.value?.nameNeededFor.includes(instance) ?? false)

  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const said = new FormData(event.currentTarget as HTMLFormElement)
    const [why, name] = [textOf(said, 'why'), textOf(said, 'name')]
    const forMs = action === 'pause' ? spanOf(span) : undefined
    if (why === '') return setError(texts.actions.needsWhy)
    if (action === 'pause' && forMs === undefined) return setError(texts.actions.forWrong)
    if (needsName && name !== service) return setError(words.nameWrong(service))
    setSending(true)
    try {
      await act(action, {
        ...{ service, why },
        ...(instance !== null && { instance }),
        ...(forMs !== undefined && { forMs }),
        ...(needsName && { name }),
      })
    } catch (failure) {
      setSending(false)
      // It may be the last by now.
      facts.reload()
      return setError(failure instanceof Error ? failure.message : String(failure))
    }
    tell(words.asked(action, instance === null ? service : `${service} ${instance}`))
    closeDialog()
  }

  const { happens, warnings } = detail.value ? foreseen(action, instance, detail.value, facts.value) : { happens: [], warnings: [] }
  return (
    <dialog ref={box} class="dialog" aria-labelledby="dialog-title" onClose={closeDialog} onCancel={closeDialog}>
      <form onSubmit={(event) => void send(event)} method="dialog">
        <h2 id="dialog-title">{texts.actions.verbs[action]}</h2>
        <p class="about">
          {service}, {instance ?? words.all}
        </p>
        {detail.value === undefined && <p class="quiet">{detail.error?.message ?? texts.api.loading}</p>}
        <ul class="plain happens">
          {happens.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
        {warnings.map((sentence) => (
          <p key={sentence} class="warning">
            {sentence}
          </p>
        ))}
        <WhyField />
        {action === 'pause' && <SpanField span={span} onChange={setSpan} />}
        {needsName && (
          <label>
            {words.typeName(service)}
            <input type="text" name="name" required autocomplete="off" autocapitalize="off" spellcheck={false} />
          </label>
        )}
        <DialogEnd action={action} error={error} isSending={isSending} />
      </form>
    </dialog>
  )
}
