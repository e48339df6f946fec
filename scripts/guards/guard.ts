/**
 * Guards of what judges, computes and gates: conditions without which an alert would be wrong. `npm run mutations` breaks each of them alone
 * and has its tests run; test/mutations.test.ts sees to it that each stands in its file. Take conditions, not figures that may be tuned.
 */

export interface Guard {
  /** What is not true any more without it. */
  readonly breaks: string
  /** Exactly as it stands, once, in the file. */
  readonly text: string
  readonly becomes: string
}

export interface GuardedFile {
  readonly file: string
  /** One of their tests must fail. */
  readonly tests: readonly string[]
  readonly guards: readonly Guard[]
}
