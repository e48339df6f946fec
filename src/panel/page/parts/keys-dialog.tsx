import { signal, type Signal } from '@preact/signals'
import type { JSX } from 'preact'

import { texts } from '../texts.ts'
import { useModal } from './modal.ts'

export const showsKeys: Signal<boolean> = signal(false)

export function KeysDialog(): JSX.Element | null {
  return showsKeys.value ? <Dialog /> : null
}

function Dialog(): JSX.Element {
  const box = useModal()
  const close = (): void => {
    showsKeys.value = false
  }
  return (
    <dialog ref={box} class="dialog" aria-labelledby="keys-title" onClose={close}>
      <h2 id="keys-title">{texts.keys.title}</h2>
      <dl class="keys">
        {texts.keys.list.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <div class="buttons">
        <button type="button" onClick={close} autoFocus>
          {texts.close}
        </button>
      </div>
    </dialog>
  )
}
