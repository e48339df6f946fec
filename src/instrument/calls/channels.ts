/** Listening on diagnostics channels of Node and of libraries without ever hurting who publishes. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'

import { diag } from '../../diag.ts'
import type { Cancel } from '../../types.ts'

/** Listeners by the name of their channel. What is published is not checked: it is as the publisher documents it. */
export type Listeners = Readonly<Record<string, (message: never) => void>>

/** What a listener throws would end the process, as an uncaught exception; it is caught and said once. */
export function listen(listeners: Listeners): Cancel {
  let saidFailure = false
  const cancels = Object.entries(listeners).map(([channel, listener]) => {
    const safe = (message: unknown): void => {
      try {
        listener(message as never)
      } catch (error) {
        if (!saidFailure) diag.warn(`otel-health: what ${channel} tells could not be read, and is not recorded:`, error)
        saidFailure = true
      }
    }
    subscribe(channel, safe)
    return () => void unsubscribe(channel, safe)
  })
  return () => {
    for (const cancel of cancels) cancel()
  }
}
