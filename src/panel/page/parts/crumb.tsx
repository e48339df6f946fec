import type { ComponentChildren, JSX } from 'preact'

import { NO_FILTER } from '../route/route.ts'
import { texts } from '../texts.ts'
import { Link } from './link.tsx'

/** What a screen is about, and what can be done with it. */
export function Crumb({
  of,
  name,
  children,
}: {
  readonly of: string
  readonly name: string
  readonly children?: ComponentChildren
}): JSX.Element {
  return (
    <div class="crumb">
      <h1>
        <span class="quiet">
          <Link to={{ screen: 'now', filter: NO_FILTER }}>{texts.nav.now}</Link> / {of} /{' '}
        </span>
        {name}
      </h1>
      <div class="actions">{children}</div>
    </div>
  )
}
