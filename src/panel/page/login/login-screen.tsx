import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'

import type { Session } from '../../protocol.ts'
import { addressOf, routeOf } from '../route/route.ts'
import { BASE } from '../state/base.ts'
import { logIn } from '../state/session.ts'
import { mustLogIn, session } from '../state/store.ts'
import { go, route } from '../state/where.ts'
import { texts } from '../texts.ts'

const words = texts.login

export function LoginScreen(): JSX.Element {
  const shown = route.value
  // Who is sent away from anywhere comes back there.
  const then = shown.screen === 'login' ? shown.then : addressOf(shown)
  const isIn = session.value !== undefined && !mustLogIn.value
  useEffect(() => {
    if (isIn && shown.screen === 'login') goTo(then)
  }, [isIn])
  return (
    <main class="login" id="content">
      <h1>
        {texts.product}: {words.title}
      </h1>
      {session.value === undefined ? (
        <p class="quiet">{texts.api.loading}</p>
      ) : isIn ? (
        <p>{words.done}</p>
      ) : (
        <Way login={session.value.login} then={then} />
      )}
    </main>
  )
}

function goTo(then: string): void {
  const { pathname, search } = new URL(then, 'http://panel')
  go(routeOf(pathname, search))
}

function Way({ login, then }: { readonly login: Session['login']; readonly then: string }): JSX.Element {
  if (login === 'proxy') return <p>{words.proxy}</p>
  if (login === 'oidc') {
    return (
      <p>
        <a class="button main" href={`${BASE}/login/oidc?then=${encodeURIComponent(then)}`}>
          {words.oidc}
        </a>
      </p>
    )
  }
  return <Form isToken={login === 'token'} />
}

function Form({ isToken }: { readonly isToken: boolean }): JSX.Element {
  const [error, setError] = useState<string>()
  const [isSending, setSending] = useState(false)
  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const said = new FormData(event.currentTarget as HTMLFormElement)
    const text = (name: string): string => {
      const value = said.get(name)
      return typeof value === 'string' ? value : ''
    }
    setSending(true)
    setError(undefined)
    try {
      const user = text('user').trim()
      await logIn(isToken ? { token: text('token').trim(), ...(user !== '' && { user }) } : { user, password: text('password') })
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : words.failed)
    }
    setSending(false)
  }
  return (
    <form onSubmit={(event) => void send(event)}>
      {isToken ? (
        <>
          <label>
            {words.token}
            <input type="password" name="token" required autoFocus autocomplete="current-password" aria-describedby="token-hint" />
            <span id="token-hint" class="quiet small">
              {words.tokenHint}
            </span>
          </label>
          <label>
            {words.tokenUser}
            <input type="text" name="user" autocomplete="username" maxLength={64} />
          </label>
        </>
      ) : (
        <>
          <label>
            {words.user}
            <input type="text" name="user" required autoFocus autocomplete="username" autocapitalize="off" />
          </label>
          <label>
            {words.password}
            <input type="password" name="password" required autocomplete="current-password" />
          </label>
        </>
      )}
      {error !== undefined && (
        <p class="trouble" role="alert">
          {error}
        </p>
      )}
      <button type="submit" class="main" disabled={isSending}>
        {words.enter}
      </button>
    </form>
  )
}
