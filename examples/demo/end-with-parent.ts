/**
 * Imported into each service by the demo, so that it does not live on when the demo was killed: an IPC channel that closes is the only
 * thing a parent can't forget to say. Stops as on SIGTERM; the timer is for a stop that hangs.
 */
const GRACE_MS = 3000

process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM')
  setTimeout(() => process.exit(1), GRACE_MS).unref()
})
// The listener must not be what keeps a service running that has stopped.
process.channel?.unref()
