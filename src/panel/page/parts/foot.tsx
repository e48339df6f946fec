import type { JSX } from 'preact'

import { notifying, switchNotifications } from '../state/notifications.ts'
import { logOut } from '../state/session.ts'
import { session } from '../state/store.ts'
import { texts } from '../texts.ts'
import { showsKeys } from './keys-dialog.tsx'

const words = texts.user

/** Who looks, and what of the panel itself can be set. */
export function Foot(): JSX.Element {
  const { user, role, login, version } = session.value ?? {}
  return (
    <footer class="foot">
      <span>
        {texts.product} {version}
      </span>
      <NotifyButton />
      <button type="button" onClick={() => (showsKeys.value = true)}>
        {words.keys} <kbd>?</kbd>
      </button>
      {user !== undefined && <span>{words.as(user, role ?? '')}</span>}
      {user !== undefined && login !== 'none' && login !== 'proxy' && (
        <button type="button" onClick={() => void logOut()}>
          {words.logOut}
        </button>
      )}
    </footer>
  )
}

function NotifyButton(): JSX.Element {
  const is = notifying.value
  if (is === 'denied' || is === 'impossible') {
    const why = is === 'denied' ? words.notifyDenied : words.notifyImpossible
    return (
      <button type="button" aria-disabled="true" title={why} aria-describedby="notify-why">
        {words.notify}
        <span id="notify-why" hidden>
          {why}
        </span>
      </button>
    )
  }
  return (
    <button type="button" aria-pressed={is === 'on'} onClick={() => void switchNotifications()}>
      {is === 'on' ? words.notifying : words.notify}
    </button>
  )
}
