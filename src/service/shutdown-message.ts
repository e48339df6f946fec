/** PM2 (shutdown_with_message) asks a process to end by a message in place of a signal. Source: its documentation, "Graceful Shutdown". */

const SHUTDOWN = 'shutdown'

/**
 * Calls `then` when that message comes to a service that listens to messages. We listen as long as the service does and no longer, for a listener
 * keeps the channel to the parent process, and so the process, alive.
 */
export function onShutdownMessage(then: () => void): void {
  if (!process.channel) return
  let isListening = false
  const listener = (message: unknown): void => {
    if (message === SHUTDOWN) then()
  }
  const listen = (): void => {
    isListening = true
    process.prependListener('message', listener)
  }
  if (process.listenerCount('message') > 0) listen()
  process.on('newListener', (name) => {
    if (name === 'message' && !isListening) listen()
  })
  process.on('removeListener', (name) => {
    if (name !== 'message' || !isListening || process.listenerCount('message') > 1) return
    isListening = false
    process.removeListener('message', listener)
  })
}
