import type { GuardedFile } from './guard.ts'

export const RULES_GUARDS: readonly GuardedFile[] = [
  {
    file: 'src/rules/judge-share.ts',
    tests: ['test/rules/judge-share.test.ts', 'test/rules/judge-share-remembered.test.ts', 'test/rules/readings/success-rate.test.ts'],
    guards: [
      { breaks: 'nothing is said of nothing', text: 'if (share.all(share.reachSeconds) === 0)', becomes: 'if (false)' },
      {
        breaks: 'what fires as CRITICAL is no WARNING only because nobody can tell',
        text: "if (isHeld && found.is === 'unsure') return inconclusive(name, 'low_sample')",
        becomes: '',
      },
      {
        breaks: 'what is remembered is judged anew as soon as anything bad comes',
        text: 'kept.bad === came.bad && ',
        becomes: '',
      },
      {
        breaks: 'what has an open alert is judged at each evaluation',
        text: "open === undefined || open.state === 'inactive' || open.state === 'resolved' ? notesOf(share) : undefined",
        becomes: 'notesOf(share)',
      },
      {
        breaks: 'a limit is left out only where no window can be over it',
        text: 'if (share.bad(seconds) > limit * share.all(seconds)) return false',
        becomes: '',
      },
      {
        breaks: 'an open alert is over only beyond its clear limit',
        text: 'isHeld ? bounded(limit.clear) : line',
        becomes: 'line',
      },
    ],
  },
  {
    file: 'src/rules/plain-share.ts',
    tests: ['test/rules/readings/success-rate.test.ts', 'test/rules/readings/slow-calls.test.ts'],
    guards: [
      { breaks: 'a plain rule holds what fires to its clear limit', text: '(isHeld ? [limit.clear] : [])', becomes: '[]' },
      { breaks: 'a plain rule says nothing of nothing', text: 'if (n === 0) return', becomes: 'if (false) return' },
    ],
  },
  {
    file: 'src/rules/measured.ts',
    tests: ['test/rules/measured.test.ts', 'test/rules/readings/quantile.test.ts'],
    guards: [
      {
        breaks: 'ok is not said where a limit may be passed',
        text: "far === 'unsure' || near === 'unsure' || held === 'unsure'",
        becomes: 'false',
      },
      { breaks: 'what fires is held to its clear limit', text: 'clear && fires ? passes', becomes: 'false ? passes' },
      { breaks: 'what is no number was not measured', text: 'return Number.isFinite(moreThan) &&', becomes: 'return true ||' },
    ],
  },
  {
    file: 'src/rules/checked-recovery.ts',
    tests: ['test/rules/recover.test.ts'],
    guards: [
      {
        breaks: 'no restart is asked for by what is outside of the process',
        text: 'if (why !== undefined) refuse(',
        becomes: 'if (false) refuse(',
      },
      {
        breaks: 'no restart is asked for by what all instances share',
        text: "if (scope === 'shared') refuse(",
        becomes: 'if (false) refuse(',
      },
    ],
  },
  {
    file: 'src/service/recoverable.ts',
    tests: ['test/service/recoverable.test.ts'],
    guards: [
      { breaks: 'an alert that another explains restarts nobody', text: 'isFound && !isExplained', becomes: 'isFound' },
      {
        breaks: 'an alert of the process before restarts nobody until it is found again',
        text: ' && now - since >= rule.forSeconds * 1000',
        becomes: '',
      },
      { breaks: 'an alert whose breach is over restarts nobody', text: " || verdict.kind !== 'breach'", becomes: '' },
    ],
  },
]
