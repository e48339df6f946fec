/** What a check has found: how it stands with one thing, and what to do about it. */
import { maskedText } from '../credentials.ts'

/** `skip`: it cannot be known here, or there is nothing to look at; the message says why. */
export type Standing = 'ok' | 'warn' | 'fail' | 'skip'

export interface Finding {
  /** Stable: programs that read `--json` rely on it. */
  readonly name: string
  readonly status: Standing
  /** One sentence or less, without a full stop at its end. Holds no credential. */
  readonly message: string
  /** What to do, in one sentence; `undefined` of ok and skip. */
  readonly mend?: string
}

export function ok(name: string, message: string): Finding {
  return { name, status: 'ok', message: maskedText(message) }
}

export function skip(name: string, why: string): Finding {
  return { name, status: 'skip', message: maskedText(why) }
}

export function warn(name: string, message: string, mend: string): Finding {
  return { name, status: 'warn', message: maskedText(message), mend: maskedText(mend) }
}

export function fail(name: string, message: string, mend: string): Finding {
  return { name, status: 'fail', message: maskedText(message), mend: maskedText(mend) }
}
