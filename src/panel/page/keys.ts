/** The whole panel by keyboard. What stands in the page is walked as it stands there. */
import { asking } from './actions/asking.ts'
import { matchersFor, meant } from './actions/matchers-for.ts'
import { showsKeys } from './parts/keys-dialog.tsx'
import { NO_FILTER, type Route } from './route/route.ts'
import type { Action, AlertRow } from '../protocol.ts'
import { known, may, session, tell, ticked } from './state/store.ts'
import { go } from './state/where.ts'
import { texts } from './texts.ts'

const SCREENS: Readonly<Record<string, Route>> = {
  n: { screen: 'now', filter: NO_FILTER },
  m: { screen: 'map' },
  t: { screen: 'trends', range: '24h' },
  s: { screen: 'silences' },
  j: { screen: 'journal', q: '' },
}
/** After `g` the next key is waited for so long. */
const SECOND_KEY_MS = 1500

export function listenToKeys(): void {
  let goAt = -Infinity
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector('dialog[open]')) return
    const { key, timeStamp } = event
    const to = SCREENS[key]
    if (timeStamp - goAt < SECOND_KEY_MS) {
      goAt = -Infinity
      if (!to) return
      event.preventDefault()
      return go(to)
    }
    if (key === 'g') {
      goAt = timeStamp
      return
    }
    if (press(key, event.target)) event.preventDefault()
  })
}

/** Whether the key means something here. */
function press(key: string, target: EventTarget | null): boolean {
  switch (key) {
    case '?':
      showsKeys.value = true
      return true
    case '/':
      search()
      return true
    case 'j':
      return walk(target, 1)
    case 'k':
      return walk(target, -1)
    case 'x':
      return tick(target)
    case 'a':
      return ask('ack', target)
    case 'r':
      return ask('resolve', target)
    case 's':
      return ask('silence', target)
    case 'm':
      return ask('maintenance', target)
    default:
      return false
  }
}

/** Where there is nothing to search in, in Now. */
function search(): void {
  const field = (): HTMLInputElement | null => document.querySelector('#search')
  if (field()) return field()!.focus()
  go({ screen: 'now', filter: NO_FILTER })
  // After the focus has gone to the new screen.
  requestAnimationFrame(() => requestAnimationFrame(() => field()?.focus()))
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true
  return target instanceof HTMLInputElement && target.type !== 'checkbox' && target.type !== 'radio'
}

/** To the next item, or to the first on the screen where none has the focus. */
function walk(target: EventTarget | null, step: 1 | -1): boolean {
  const items = [...document.querySelectorAll<HTMLElement>('[data-item]')].filter((item) => item.checkVisibility())
  const at = items.indexOf(itemOf(target)!)
  const next = at >= 0 ? items[at + step] : items.find((item) => item.getBoundingClientRect().bottom > 0)
  const link = next?.querySelector<HTMLElement>('.main-link') ?? next?.querySelector<HTMLElement>('a, button')
  link?.focus()
  return next !== undefined
}

function itemOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>('[data-item]') : null
}

function alertAt(target: EventTarget | null): AlertRow | undefined {
  return known
    .peek()
    ?.alerts.get((target instanceof Element && target.closest<HTMLElement>('[data-alert]')?.dataset['alert']) || shownAlert())
}

/** The alert whose own screen is shown. */
function shownAlert(): string {
  return document.querySelector<HTMLElement>('[data-shown-alert]')?.dataset['shownAlert'] ?? ''
}

function tick(target: EventTarget | null): boolean {
  const alert = alertAt(target)
  if (!alert) return false
  const next = new Set(ticked.peek())
  if (!next.delete(alert.id)) next.add(alert.id)
  ticked.value = next
  return true
}

function ask(action: Extract<Action, 'ack' | 'resolve' | 'silence' | 'maintenance'>, target: EventTarget | null): boolean {
  const chosen = [...ticked.peek()].flatMap((id) => known.peek()?.alerts.get(id) ?? [])
  const alert = alertAt(target)
  const alerts = chosen.length > 0 ? chosen : alert ? [alert] : []
  const service = target instanceof Element ? target.closest<HTMLElement>('[data-service]')?.dataset['service'] : undefined
  if (alerts.length === 0 && (service === undefined || action === 'ack' || action === 'resolve')) return false
  if (!may(action)) tell(texts.actions.mayNot(action, session.peek()?.role), true)
  else if (action === 'ack' || action === 'resolve') asking.value = { action, alerts }
  else if (alerts.length === 0) asking.value = { action, matchers: [`service=${meant(service!)}`] }
  else {
    const matchers = action === 'silence' ? matchersFor(alerts) : [...new Set(alerts.map((each) => `service=${meant(each.service)}`))]
    asking.value = { action, matchers, ...(alerts.length === 1 && { alert: alerts[0]! }) }
  }
  return true
}
