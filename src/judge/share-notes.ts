/**
 * What is remembered of a share until the next 10 s begin: so long its past stays as it is, and only what comes now changes it. A share without
 * notes is judged anew each time, and raises the same alerts.
 */
import type { Verdict } from '../types.ts'

/** What can be remembered. */
export interface Noted {
  /** Whatever is kept here is gone as soon as any window begins elsewhere than it did. */
  readonly notes?: { of: unknown } | undefined
  /** What was counted of it: more bad after every bad event, and more of all after every event. */
  readonly came?: { readonly bad: number; readonly all: number } | undefined
}

/** A verdict, and what was known when it was found. */
export interface Kept {
  readonly verdict: Verdict
  /** Of whom it was asked: the limits of a rule. */
  readonly of: unknown
  /** How its alert stood. */
  readonly stood: number
  readonly bad: number
  readonly all: number
  /** Whether anything had come in the last 10 s: what follows a silence may make old events count again. */
  readonly isRecent: boolean
}

export class ShareNotes {
  kept: Kept | undefined
  readonly #keys: number[] = []
  readonly #found: unknown[] = []

  ofPast<T>(key: number, find: () => T): T {
    const known = this.#keys.indexOf(key)
    // Of one key it is always the same type: whoever asks says what it stands for.
    if (known >= 0) return this.#found[known] as T
    const found = find()
    this.#keys.push(key)
    this.#found.push(found)
    return found
  }
}

/** What `find` gave the first time, which goes by `key` and by differences of two windows, and so by nothing that comes now. */
export function ofPast<T>(noted: Noted, key: number, find: () => T): T {
  return notesOf(noted)?.ofPast(key, find) ?? find()
}

/** `undefined`: nothing can be remembered of it. */
export function notesOf({ notes }: Noted): ShareNotes | undefined {
  if (!notes) return undefined
  if (!(notes.of instanceof ShareNotes)) notes.of = new ShareNotes()
  return notes.of as ShareNotes
}
