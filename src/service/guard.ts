/** Keeps whatever goes wrong in a monitor from the service: counted, said once, and tried again. */
import { EVALUATION_ERRORS } from '../catalogue.ts'
import { diag } from '../diag.ts'
import type { Recording } from '../record/recording.ts'

export class Guard {
  readonly #recording: Recording
  #said = false
  /** Whether anything is done at all: not before the start, not after the stop. */
  isOpen = false

  constructor(recording: Recording) {
    this.#recording = recording
  }

  /** Whatever happens in here, the service does not notice. */
  safely(action: () => void): void {
    if (!this.isOpen) return
    try {
      action()
    } catch (error) {
      this.#failed(error)
    }
  }

  /** An exporter may be anybody's: where it fails, there was no answer. */
  async answer<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask()
    } catch (error) {
      this.#failed(error)
      return undefined
    }
  }

  #failed(error: unknown): void {
    this.count(1)
    if (!this.#said) diag.error('otel-health: an evaluation failed; the next one is tried all the same:', error)
    this.#said = true
  }

  /** Errors that were dealt with elsewhere. */
  count(errors: number): void {
    if (errors > 0) this.#recording.counter(EVALUATION_ERRORS, {}).add(errors)
  }
}
