/** What somebody is about to do: the dialog asks for the rest. */
import { signal, type Signal } from '@preact/signals'

import type { ControlAction } from '../../control-protocol.ts'
import type { AlertRow, SilenceRow } from '../../protocol.ts'

export type Asking = AskingAboutAlerts | AskingService

export type AskingAboutAlerts =
  | { readonly action: 'ack' | 'unack' | 'resolve' | 'note'; readonly alerts: readonly AlertRow[] }
  | { readonly action: 'silence' | 'maintenance'; readonly matchers: readonly string[]; readonly alert?: AlertRow }
  | { readonly action: 'unsilence' | 'extend'; readonly silence: SilenceRow }
  | { readonly action: 'forget'; readonly service: string }

/** `instance: null`: of all of them. */
export interface AskingService {
  readonly control: ControlAction
  readonly service: string
  readonly instance: string | null
}

/** `undefined`: no dialog is open. */
export const asking: Signal<Asking | undefined> = signal()
