import type { GuardedFile } from './guard.ts'

export const JUDGE_GUARDS: readonly GuardedFile[] = [
  {
    file: 'src/judge/alert-states.ts',
    tests: ['test/judge/alert.test.ts', 'test/judge/scenarios.test.ts'],
    guards: [
      {
        breaks: 'nothing fires or resolves before it has held for its time',
        text: 'since !== undefined && now - since >= seconds * 1000',
        becomes: 'since !== undefined',
      },
      {
        breaks: 'what fires is CRITICAL only if that has held for its time',
        text: "(isCriticalLong(moment) ? 'CRITICAL' : 'WARNING')",
        becomes: "(isCriticalLong(moment) ? 'CRITICAL' : 'CRITICAL')",
      },
      {
        breaks: 'a pending alert waits a while for data that is missing',
        text: 'unknownFor(Math.max(moment.timing.forSeconds * 1000, LEAST_PENDING_PATIENCE_MS), moment)',
        becomes: 'unknownFor(0, moment)',
      },
      {
        breaks: 'an alert that recovers and then has no evidence becomes unknown',
        text: "{ from: 'recovering', on: 'inconclusive', when: isLongUnknown, to: 'unknown', tells: 'unknown' },",
        becomes: '',
      },
      {
        breaks: 'what breaches again after it was resolved is a new episode',
        text: "to: 'pending', begins: true",
        becomes: "to: 'pending'",
      },
    ],
  },
  {
    file: 'src/judge/alert.ts',
    tests: ['test/judge/alert.test.ts', 'test/judge/scenarios.test.ts'],
    guards: [
      {
        breaks: 'timers stand still while nothing is known',
        text: 'alert.frozenAt === undefined ? 0 : monotonicMs - alert.frozenAt',
        becomes: '0',
      },
      {
        breaks: 'timers stand still while nobody evaluates',
        text: 'isWatched || alert.frozenAt !== undefined ? alert :',
        becomes: 'true ? alert :',
      },
      {
        breaks: 'a pending alert goes on over the start of the next process',
        text: "alert.state === 'pending' && reason === 'starting' ?",
        becomes: 'false ?',
      },
      { breaks: 'the all-clear is the first ok, not the end of the wait', text: 'clearedAt: last.okAt ??', becomes: 'clearedAt:' },
      { breaks: 'an alert has the timers of its state only', text: '!states.includes(state) || ', becomes: '' },
      { breaks: 'a restart goes on from where a timer stood still', text: "'okAt', 'frozenAt'] as const", becomes: "'okAt'] as const" },
    ],
  },
  {
    file: 'src/judge/judge.ts',
    tests: ['test/judge/judge.test.ts', 'test/judge/split-rules.test.ts', 'test/judge/judge-changed.test.ts'],
    guards: [
      {
        breaks: 'a rule that throws takes no other rule with it',
        text: "return inconclusive(rule.name, 'evaluator_error')",
        becomes: 'throw error',
      },
      { breaks: 'a verdict has finite numbers', text: "typeof figure === 'string' || Number.isFinite(figure)", becomes: 'true' },
      { breaks: 'an alert resolves when its rule is gone', text: 'if (next.has(key)) continue', becomes: 'continue' },
      { breaks: 'rules that were not judged keep their alerts', text: 'partly ? [] : alerts', becomes: 'alerts' },
      {
        breaks: 'a value that is not seen any more is still judged while its alert is open',
        text: "for (const { labels } of alerts) values.add(labels?.[by] ?? '')",
        becomes: '',
      },
      { breaks: 'what a rule does later to its verdict changes nothing', text: 'value: { ...value } }', becomes: 'value }' },
    ],
  },
  {
    file: 'src/judge/covered.ts',
    tests: ['test/judge/covered.test.ts'],
    guards: [
      {
        breaks: 'a window of which too little was watched is not judged',
        text: 'reading.coveredSeconds >= Math.max',
        becomes: 'Infinity >= Math.max',
      },
      {
        breaks: 'what is missing in a window that was not watched whole is not taken for absent',
        text: 'coveredSeconds >= WATCHED * windowSeconds',
        becomes: 'true',
      },
    ],
  },
  {
    file: 'src/judge/fold.ts',
    tests: ['test/judge/fold.test.ts'],
    guards: [
      {
        breaks: 'an instance without a sign of life has no say',
        text: "entry.state !== 'gone' && now - entry.seen <= entry.keep",
        becomes: "entry.state !== 'gone'",
      },
      {
        breaks: 'what all instances must find does not fire for one of them',
        text: "const mayFire = scope !== 'all' ||",
        becomes: 'const mayFire = true ||',
      },
      {
        breaks: 'an instance that was well before the others died does not resolve what they found',
        text: 'well.some(({ at }) => at >= Math.max(lastSignOfGone(entries), before.since))',
        becomes: 'well.length > 0',
      },
      {
        breaks: 'an open alert of which no instance is left is unknown',
        text: "return alive ? before.state : 'unknown'",
        becomes: 'return before.state',
      },
      {
        breaks: 'an open alert that the server forgot is told again as what people believe',
        text: 'if (forgotten && isOpen(after))',
        becomes: 'if (false)',
      },
      {
        breaks: 'the severity is that of the worst instance',
        text: "entries.some(({ severity }) => severity === 'CRITICAL')",
        becomes: "entries.every(({ severity }) => severity === 'CRITICAL')",
      },
    ],
  },
  {
    file: 'src/judge/share-test.ts',
    tests: ['test/judge/share-test.test.ts', 'test/rules/readings/success-rate.test.ts'],
    guards: [
      { breaks: 'a few bad events are never a breach', text: 'if (bad < LEAST_BAD || ', becomes: 'if (' },
      { breaks: 'what came in a burst is one piece of evidence', text: 'Math.min(n / clumped.worth, ', becomes: 'Math.min(n, ' },
      { breaks: 'what was before the all-clear fires nothing', text: 'seconds <= Math.max(since, WINDOWS[0]!)', becomes: 'true' },
      {
        breaks: 'within the limit is said only where a fault would have been seen',
        text: 'const fault = Math.max(limit, LEAST_FAULT)',
        becomes: 'const fault = 1',
      },
      {
        breaks: 'good events that came in one clump are no evidence that a fault is over',
        text: 'return luck <= POWER ?',
        becomes: 'return true ?',
      },
      {
        breaks: 'of an open alert the newest window that tells decides',
        text: 'if (fine && clear !== undefined) return fine',
        becomes: '',
      },
    ],
  },
  {
    file: 'src/judge/share-window.ts',
    tests: ['test/judge/share-test.test.ts', 'test/rules/readings/success-rate.test.ts'],
    guards: [
      {
        breaks: 'a window that ends in a long silence says nothing of now',
        text: 'return quiet < seconds &&',
        becomes: 'return false && quiet < seconds &&',
      },
      {
        breaks: 'a run of failures that ended long ago says nothing of now',
        text: 'return last > Math.max(spanSeconds, LEAST_RUN) ? undefined :',
        becomes: 'return',
      },
    ],
  },
  {
    file: 'src/judge/clumping.ts',
    tests: ['test/judge/share-test.test.ts', 'test/rules/readings/success-rate.test.ts'],
    guards: [
      { breaks: 'an outage that is over is no habit', text: 'stretches[place] = NOTHING', becomes: 'break' },
      {
        breaks: 'a job that fails whole is one piece',
        text: 'const usual = follows ? inFlow : LEAST_USUAL',
        becomes: 'const usual = failed',
      },
    ],
  },
  {
    file: 'src/judge/throughput-test.ts',
    tests: ['test/judge/throughput-test.test.ts'],
    guards: [
      {
        breaks: 'the evidence is pieces, not what is in them',
        text: 'Math.min(done, piecesOf(throughput, 0, seconds))',
        becomes: 'done',
      },
      {
        breaks: 'a stall before the all-clear is not counted again',
        text: 'Math.min(throughput.reachSeconds, since)',
        becomes: 'throughput.reachSeconds',
      },
      { breaks: 'enough is said only where a stall would have been seen', text: 'done >= expected && done > 0 && (', becomes: 'true || (' },
      {
        breaks: 'too little is what is unusual for this service as well',
        text: ' && isUnusual(throughput, limit, window)',
        becomes: '',
      },
    ],
  },
  {
    file: 'src/judge/phase-rules.ts',
    tests: ['test/judge/phase-rules.test.ts'],
    guards: [
      {
        breaks: 'of a service that is ending no new work is asked',
        text: "rule.endsWithDraining ? unjudged(rule, 'paused') : rule",
        becomes: 'rule',
      },
      {
        breaks: 'a service that is ending may fail',
        text: "rule.endsWithDraining ? unjudged(rule, 'paused') : rule",
        becomes: "unjudged(rule, 'paused')",
      },
    ],
  },
  {
    file: 'src/judge/status.ts',
    tests: ['test/judge/status.test.ts'],
    guards: [
      { breaks: 'a service that is silent is unhealthy', text: "isSilent ? 'unhealthy' : worst", becomes: 'worst' },
      { breaks: 'a rule that cannot judge changes no status where nothing needs it', text: ' || !watched.has(verdict.rule)', becomes: '' },
      { breaks: 'only open alerts make a status', text: 'alerts.filter(isOpen).toSorted(', becomes: 'alerts.toSorted(' },
      { breaks: 'an instance that stopped degrades nothing', text: "missing || (phase !== 'stopped' && ", becomes: '(missing || ' },
    ],
  },
]
