/** Hears signals beside whoever else does, and where nobody does lets them do what they would have done. */
import { isHandledBelow } from './native-signal.ts'

export interface SignalListener {
  /** Others listen too: what becomes of the process is theirs to say. */
  handled(signal: NodeJS.Signals, others: readonly Listener[]): void
  /** Nobody does: the signal ends the process, once what is returned has resolved. */
  unhandled(signal: NodeJS.Signals): Promise<void> | undefined
}

export type Listener = ReturnType<typeof process.listeners>[number]

export function onSignals(signals: readonly NodeJS.Signals[], listener: SignalListener): void {
  const ears = new Map<string | symbol, Ear>(signals.map((signal) => [signal, new Ear(signal, listener)]))
  process.on('removeListener', (name, removed) => ears.get(name)?.removed(removed))
}

class Ear {
  readonly #signal: NodeJS.Signals
  readonly #listener: SignalListener
  readonly #hear = (): void => this.#heard()
  #isListening = false
  #isRaised = false

  constructor(signal: NodeJS.Signals, listener: SignalListener) {
    this.#signal = signal
    this.#listener = listener
    this.#listen()
  }

  /** When nobody is left who listens, the signal would end the process without a word. */
  removed(listener: unknown): void {
    if (listener === this.#hear) this.#isListening = false
    if (!this.#isListening && !this.#isRaised && process.listenerCount(this.#signal) === 0) this.#listen()
  }

  /** First, so that others run when it is gone already, also those that were there before. */
  #listen(): void {
    this.#isListening = true
    process.prependListener(this.#signal, this.#hear)
  }

  #heard(): void {
    const others = process.listeners(this.#signal).filter((each) => each !== this.#hear)
    if (others.length > 0) {
      // Who comes after us may raise the signal again if it finds itself alone (signal-exit does): counted, we would wait for each other.
      process.removeListener(this.#signal, this.#hear)
      this.#listener.handled(this.#signal, others)
    } else if (isHandledBelow(this.#signal, () => this.#stepAside())) this.#listener.handled(this.#signal, [])
    else {
      // Listening goes on: a second signal that is under way already would be lost.
      const done = this.#listener.unhandled(this.#signal)
      if (done) void done.then(() => this.#raise())
      else this.#raise()
    }
  }

  #raise(): void {
    this.#isRaised = true
    process.removeListener(this.#signal, this.#hear)
    process.kill(process.pid, this.#signal)
  }

  /** Until what is returned is called. */
  #stepAside(): () => void {
    this.#isRaised = true
    process.removeListener(this.#signal, this.#hear)
    return () => {
      this.#isRaised = false
      this.#listen()
    }
  }
}
