/** The browser's own notifications, of CRITICAL alerts that people are told of, for whoever has asked for them. */
import { signal, type Signal } from '@preact/signals'

import type { Transition } from '../../protocol.ts'
import { isNews } from '../live/news.ts'
import { texts } from '../texts.ts'
import { go } from './where.ts'

export type Notifying = 'on' | 'off' | 'denied' | 'impossible'

const KEPT = 'otel-health.notify'

function asThingsStand(): Notifying {
  if (!('Notification' in globalThis) || !isSecureContext) return 'impossible'
  if (Notification.permission === 'denied') return 'denied'
  return Notification.permission === 'granted' && localStorage.getItem(KEPT) === 'on' ? 'on' : 'off'
}

export const notifying: Signal<Notifying> = signal(asThingsStand())

export async function switchNotifications(): Promise<void> {
  const turnOn = notifying.value !== 'on'
  localStorage.setItem(KEPT, turnOn ? 'on' : 'off')
  if (turnOn && Notification.permission === 'default') await Notification.requestPermission()
  notifying.value = asThingsStand()
}

export function notice(transition: Transition): void {
  if (notifying.peek() !== 'on' || !isNews(transition)) return
  const { service, rule, message, alertId, episode } = transition
  try {
    const shown = new Notification(texts.notification(service, rule), { body: message, tag: alertId })
    shown.addEventListener('click', () => {
      focus()
      go({ screen: 'alert', id: alertId, episode })
      shown.close()
    })
  } catch {
    // Some phones allow them only to service workers.
    notifying.value = 'impossible'
  }
}
