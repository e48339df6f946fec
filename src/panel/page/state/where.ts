/** Which screen is shown: the address bar says it, and the back button works. */
import { signal, type Signal } from '@preact/signals'

import { addressOf, routeOf, type Route } from '../route/route.ts'
import { BASE } from './base.ts'

function here(): Route {
  const path = location.pathname.startsWith(BASE) ? location.pathname.slice(BASE.length) : location.pathname
  return routeOf(path || '/', location.search)
}

export const route: Signal<Route> = signal(here())

export function hrefOf(to: Route): string {
  return BASE + addressOf(to)
}

export function go(to: Route): void {
  history.pushState(null, '', hrefOf(to))
  route.value = to
  scrollTo(0, 0)
  readOn()
}

/** Without a step for the back button: a filter that is being typed. */
export function stay(to: Route): void {
  try {
    history.replaceState(null, '', hrefOf(to))
  } catch {
    // Some browsers refuse it to who types fast; the address follows with the next letter.
  }
  route.value = to
}

/** Who reads with the ears begins at the new screen, not where the link was. */
function readOn(): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>('#content')?.focus({ preventScroll: true }))
}

/** Follows links to the panel's own screens without loading the page again. */
export function followLinks(): void {
  addEventListener('popstate', () => {
    route.value = here()
    readOn()
  })
  addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement | SVGAElement>('a') : null
    // Of all other links the browser knows more.
    if (link?.dataset['own'] === undefined) return
    const { pathname, search } = new URL(link.getAttribute('href')!, location.href)
    event.preventDefault()
    go(routeOf(pathname.slice(BASE.length) || '/', search))
  })
}
