/** The announcer as a process: `otel-health run` starts it, and tells it over the channel how things stand. */
import { holdProcess, systemClock } from '../clock.ts'
import type { Report } from '../supervise/report.ts'
import { Announcer } from './announcer.ts'

/** Signals of a terminal, or of systemd, reach all of a group: it ends when it has said what is to be said. */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) process.on(signal, () => {})

/** Once the supervisor is gone, what is under way has so long. */
const LAST_WORDS_MS = 2000

const announcer = new Announcer({
  env: process.env,
  clock: systemClock,
  tell: (heard) => {
    if (process.connected) process.send!(heard, undefined, {}, () => {})
  },
  done: () => {
    announcer.stop()
    process.exit()
  },
})

process.on('message', (report) => announcer.report(report as Report))
process.on('disconnect', () => holdProcess(LAST_WORDS_MS, () => process.exit()))
