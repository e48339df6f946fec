/**
 * Says how the process ends, without changing how it ends: same exit code, same signal, nobody's handler replaced, nothing kept alive. A signal
 * that the service handles is no end: the process is draining, for as long as that takes it, and says that it stopped when it does. A crash
 * says nothing, so that it is seen as the silence it is.
 */
import { constants } from 'node:os'

import { holdProcess } from '../clock.ts'
import type { Cancel } from '../types.ts'
import { onShutdownMessage } from './shutdown-message.ts'
import { onSignals, type Listener } from './signals.ts'

/** Milliseconds the end of the process may be held up. */
const FLUSH_MS = 2000

/** Whoever handles one of these ends the service, at once or later. */
const ENDING = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const
type EndingSignal = (typeof ENDING)[number]
/** So do these where nobody handles them; who does may read its configuration anew, or write down its heap. */
const MAYBE_ENDING: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGUSR2']

export interface Farewell {
  /** Publishes that the service was asked to end, and works on until it has done what it had begun. */
  setPhase(phase: 'draining'): void
  /** Whether it was asked to end, and that is not so long ago that it has come to nothing. */
  readonly isEnding: boolean
  /** Publishes that the service stopped, in the same tick; resolves when that and the metrics are flushed. Never rejects. */
  stop(timeoutMs: number): Promise<void>
  /** Exports what was recorded since, for a service that works on after the signal. Never rejects. */
  flush(timeoutMs: number): Promise<void>
}

/** `asked`: called as soon as it has a signal that asks it to end, before anybody else hears of that. */
export function onProcessEnd(farewell: Farewell, asked: (signal: EndingSignal) => void = () => {}): void {
  let stopping: Promise<void> | undefined
  let flushed = false
  const heard = new Set<NodeJS.Signals>()
  const stopOnce = (): Promise<void> => (stopping ??= held(() => farewell.stop(FLUSH_MS)))

  const drain = (): void => {
    farewell.setPhase('draining')
    // Once that is judged, and while there is time: who ends with process.exit exports nothing more.
    queueMicrotask(() => void farewell.flush(FLUSH_MS))
  }

  onSignals([...ENDING, ...MAYBE_ENDING], {
    handled(signal, listeners) {
      heard.add(signal)
      if (isEnding(signal)) asked(signal)
      if (isEnding(signal) || listeners.some(endsToo)) drain()
    },
    unhandled(signal) {
      if (isEnding(signal)) asked(signal)
      // Who asks twice, or raises it again having done what there was to do, does not wait for us.
      const isAgain = heard.has(signal) || stopping !== undefined
      const stopped = stopOnce()
      return isAgain ? undefined : stopped
    },
  })
  onShutdownMessage(drain)
  process.on('beforeExit', () => {
    if (flushed) return
    flushed = true
    // Stopping includes a flush; after a signal the service may have worked on.
    void (stopping ? held(() => farewell.flush(FLUSH_MS)) : stopOnce())
  })
  process.on('exit', (code) => {
    const wasAsked = farewell.isEnding || [...heard].some((signal) => code === 128 + constants.signals[signal])
    if (code === 0 || wasAsked) void stopOnce()
  })
}

function isEnding(signal: NodeJS.Signals): signal is EndingSignal {
  return (ENDING as readonly NodeJS.Signals[]).includes(signal)
}

/** Whether a listener of a signal that may mean something else is one of those that end the service: the same function, or as it is written. */
function endsToo(listener: Listener): boolean {
  const text = String(listener)
  return ENDING.some((signal) =>
    process.listeners(signal).some((other) => other === listener || (String(other) === text && !text.includes('[native code]'))),
  )
}

/** Begins in the same tick, keeps the process alive meanwhile, and resolves when it is done, has failed or takes too long. */
async function held(work: () => Promise<void>): Promise<void> {
  let release: Cancel = () => {}
  const late = new Promise<void>((resolve) => (release = holdProcess(FLUSH_MS, resolve)))
  try {
    await Promise.race([work(), late])
  } catch {
    // Whatever is wrong with the farewell, the process ends as it would have.
  } finally {
    release()
  }
}
