import { render } from 'preact'

import { App } from './app.tsx'
import { listenToKeys } from './keys.ts'
import { askSession } from './state/session.ts'
import { followLinks } from './state/where.ts'

followLinks()
listenToKeys()
void askSession()
render(<App />, document.querySelector('#panel')!)
