import type { JSX } from 'preact'
import { useLayoutEffect } from 'preact/hooks'

import { ActDialog } from './actions/act-dialog.tsx'
import { WhyNot } from './actions/act-button.tsx'
import { AlertScreen } from './alert/alert-screen.tsx'
import { Banner } from './head/banner.tsx'
import { Head, useTitle } from './head/head.tsx'
import { Spoken } from './head/spoken.tsx'
import { JournalScreen } from './journal/journal-screen.tsx'
import { LoginScreen } from './login/login-screen.tsx'
import { MapScreen } from './map/map-screen.tsx'
import { NowScreen } from './now/now-screen.tsx'
import { Foot } from './parts/foot.tsx'
import { KeysDialog } from './parts/keys-dialog.tsx'
import { Link } from './parts/link.tsx'
import { Toasts } from './parts/toasts.tsx'
import { NO_FILTER } from './route/route.ts'
import { ServiceScreen } from './service/service-screen.tsx'
import { SilencesScreen } from './silences/silences-screen.tsx'
import { startLive } from './state/start-live.ts'
import { isFresh, known, mustLogIn } from './state/store.ts'
import { route } from './state/where.ts'
import { texts } from './texts.ts'
import { TrendsScreen } from './trends/trends-screen.tsx'

export function App(): JSX.Element {
  const isLogin = mustLogIn.value || route.value.screen === 'login'
  useTitle()
  // Not only after the first paint: what it brings is what one waits for.
  useLayoutEffect(() => (mustLogIn.value ? undefined : startLive()), [mustLogIn.value])
  // Of what is not known to be so now nothing looks well, wherever it stands.
  useLayoutEffect(() => {
    document.documentElement.classList.toggle('is-stale', !isFresh.value && known.value !== undefined)
  }, [isFresh.value, known.value === undefined])
  if (isLogin) return <LoginScreen />
  return (
    <>
      <a class="skip" href="#content">
        {texts.skip}
      </a>
      <Head />
      <Banner />
      <main id="content" tabIndex={-1}>
        <Screen />
      </main>
      <Foot />
      <Spoken />
      <Toasts />
      <WhyNot />
      <ActDialog />
      <KeysDialog />
    </>
  )
}

function Screen(): JSX.Element {
  const shown = route.value
  switch (shown.screen) {
    case 'now':
      return <NowScreen filter={shown.filter} />
    case 'service':
      return <ServiceScreen key={shown.service} {...shown} />
    case 'alert':
      return <AlertScreen key={shown.id} {...shown} />
    case 'map':
      return <MapScreen />
    case 'trends':
      return <TrendsScreen {...shown} />
    case 'silences':
      return <SilencesScreen />
    case 'journal':
      return <JournalScreen {...shown} />
    default:
      return (
        <section class="first">
          <h1>{texts.nowhere}</h1>
          <p>
            <Link to={{ screen: 'now', filter: NO_FILTER }}>{texts.backToNow}</Link>
          </p>
        </section>
      )
  }
}
