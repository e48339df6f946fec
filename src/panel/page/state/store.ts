/** What the whole page shows of, as signals: whoever reads one is drawn again when it changes. */
import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals'

import type { Action, AlertRow, ServiceRow, Session } from '../../protocol.ts'
import type { Freshness } from '../live/freshness.ts'
import type { Known } from '../live/known.ts'
import { worseAlert } from '../now/order.ts'

/** `undefined`: nothing was heard yet. */
export const known: Signal<Known | undefined> = signal()
export const freshness: Signal<Freshness> = signal({ is: 'waiting' })
/** Only then may anything look well. */
export const isFresh: ReadonlySignal<boolean> = computed(() => freshness.value.is === 'live')
/** The time at the health Redis, to the second: all times that are shown are measured by it. */
export const now: Signal<number> = signal(Date.now())
/** `undefined`: not known yet. */
export const session: Signal<Session | undefined> = signal()
/** Who looks has to log in (again) first. */
export const mustLogIn: ReadonlySignal<boolean> = computed(
  () => session.value !== undefined && session.value.user === undefined && session.value.login !== 'none',
)

export const services: ReadonlySignal<readonly ServiceRow[]> = computed(() => [...(known.value?.services.values() ?? [])])
export const alerts: ReadonlySignal<readonly AlertRow[]> = computed(() => [...(known.value?.alerts.values() ?? [])].toSorted(worseAlert))

/** Alerts that are ticked, by id. */
export const ticked: Signal<ReadonlySet<string>> = signal(new Set())

export function may(action: Action): boolean {
  return session.value?.may.includes(action) ?? false
}

export interface Toast {
  readonly id: number
  readonly text: string
  readonly bad: boolean
}
export const toasts: Signal<readonly Toast[]> = signal([])
const MOST_TOASTS = 4
let toastsSoFar = 0

export function tell(text: string, bad = false): void {
  const id = ++toastsSoFar
  toasts.value = [...toasts.value, { id, text, bad }].slice(-MOST_TOASTS)
  // What went wrong stays until it is closed.
  if (!bad) setTimeout(() => untell(id), 8000)
}

export function untell(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id)
}
