/** A link to a screen of the panel: followed without loading the page again, and good for a colleague. */
import type { ComponentChildren, JSX } from 'preact'

import type { Route } from '../route/route.ts'
import { hrefOf } from '../state/where.ts'

interface LinkProps {
  readonly to: Route
  readonly children: ComponentChildren
  readonly class?: string
  readonly title?: string
  /** `page`: it is the screen that is shown. */
  readonly current?: boolean
}

export function Link({ to, children, current, ...more }: LinkProps): JSX.Element {
  return (
    <a href={hrefOf(to)} data-own="" {...more} {...(current && { 'aria-current': 'page' as const })}>
      {children}
    </a>
  )
}

/** A link to elsewhere, if it is one that a browser may safely follow. */
export function Elsewhere({ href, children }: { readonly href: string; readonly children: ComponentChildren }): JSX.Element | null {
  if (!/^https?:\/\//i.test(href)) return null
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  )
}

export function serviceRoute(service: string): Route {
  return { screen: 'service', service, hours: 1 }
}
