import type { GuardedFile } from './guard.ts'

export const COMPUTE_GUARDS: readonly GuardedFile[] = [
  {
    file: 'src/compute/windows.ts',
    tests: ['test/compute/windows.test.ts', 'test/compute/counts.test.ts'],
    guards: [
      { breaks: 'time in which nobody collected is not covered', text: 'running && elapsed <= this.#longestGapMs', becomes: 'running' },
      { breaks: 'time in which the service is paused is not covered', text: 'const isWatched = running &&', becomes: 'const isWatched =' },
      { breaks: 'a service that is ending owes no work', text: 'owesWork ? covered : 0', becomes: 'covered' },
      { breaks: 'only so many values are told apart', text: 'groups.size >= MOST_GROUPS && ', becomes: 'false && ' },
      { breaks: 'a series is counted only where it is selected', text: 'if (!matches(selector, series)) continue', becomes: '' },
    ],
  },
  {
    file: 'src/compute/keeper.ts',
    tests: ['test/compute/windows.test.ts', 'test/compute/counts.test.ts'],
    guards: [
      {
        breaks: 'what happened while nobody watched is in no window',
        text: 'if (!isWatched) keeper.unwatched = keeper.total - keeper.pushed',
        becomes: '',
      },
      { breaks: 'time above a level is known only while the level is', text: 'if (keeper.wasAbove !== undefined) {', becomes: '{' },
      {
        breaks: 'counts of another shape, or older than a day, are not taken over',
        text: 'agoMs >= 0 && agoMs < DAY_MS && amounts.length === keeper.recalled.length',
        becomes: 'true',
      },
    ],
  },
  {
    file: 'src/compute/level.ts',
    tests: ['test/compute/windows.test.ts', 'test/compute/counts.test.ts'],
    guards: [
      {
        breaks: 'a level of several series is as old as the oldest',
        text: 'Math.min(keeper.setAt ?? Infinity, setAt)',
        becomes: 'Math.max(keeper.setAt ?? -Infinity, setAt)',
      },
      {
        breaks: 'a level that is no number is no reading',
        text: 'setAt === undefined || !Number.isFinite(value)',
        becomes: 'setAt === undefined',
      },
    ],
  },
  {
    file: 'src/compute/ring.ts',
    tests: ['test/compute/ring.test.ts', 'test/compute/counts.test.ts'],
    guards: [
      {
        breaks: 'a window is never longer than was asked for',
        text: 'Math.ceil(windowMs / (isCoarse ? COARSE_MS : FINE_MS))) - 1',
        becomes: 'Math.ceil(windowMs / (isCoarse ? COARSE_MS : FINE_MS)))',
      },
      { breaks: 'a window that is not kept is refused', text: 'windowMs <= 0 || windowMs > this.#reachMs', becomes: 'false' },
      { breaks: 'the window of one bucket has a full one besides', text: 'Math.max(LEAST_BUCKETS, ', becomes: 'Math.max(1, ' },
      {
        breaks: 'what happened before the ring began is in no window that began later',
        text: 'Math.max(bucket + 1, newest',
        becomes: 'Math.max(bucket, newest',
      },
    ],
  },
  {
    file: 'src/compute/counts-at.ts',
    tests: ['test/compute/counts.test.ts', 'test/rules/judge-share-remembered.test.ts'],
    guards: [
      {
        breaks: 'what is remembered of windows goes when the next 10 s begin',
        text: 'now >= this.#until || ',
        becomes: '',
      },
      {
        breaks: 'what is remembered of windows goes when more of the past becomes known',
        text: ' || recalls !== this.#recalls) {',
        becomes: ') {',
      },
    ],
  },
  {
    file: 'src/compute/window-start.ts',
    tests: ['test/compute/windows.test.ts', 'test/rules/sixty-rules.test.ts'],
    guards: [
      {
        breaks: 'a window begins later when the next bucket of time does',
        text: 'if (now < this.#until) {',
        becomes: 'if (this.#until > -Infinity) {',
      },
      {
        breaks: 'where a window began is not where another one did',
        text: 'if (windowSeconds === this.#seconds) return this.#total',
        becomes: 'return this.#total',
      },
    ],
  },
  {
    file: 'src/compute/quantile.ts',
    tests: ['test/compute/quantile.test.ts'],
    guards: [
      { breaks: 'there is no quantile of nothing', text: 'if (total === 0) return undefined', becomes: '' },
      {
        breaks: 'a value beyond all bounds is more than the last, not the last',
        text: 'return { moreThan: bounds.at(-1) ?? 0 }',
        becomes: 'return { value: bounds.at(-1) ?? 0, atLeast: bounds.at(-1) ?? 0, atMost: bounds.at(-1) ?? 0 }',
      },
    ],
  },
]
