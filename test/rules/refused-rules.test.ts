/** Rules that can never be judged as they are said, each with the sentence that its author reads. */
import { expect, test } from 'vitest'

import { counter, gauge, histogram, upDownCounter } from '../../src/rules/metric-ref.ts'
import {
  absent,
  age,
  burnRate,
  increase,
  level,
  mean,
  quantile,
  rate,
  ratio,
  slowCalls,
  state,
  successRate,
  throughput,
} from '../../src/rules/readings.ts'
import { rule } from '../../src/rules/rule.ts'
import { compiled } from './compiled.ts'

const requests = counter('requests', { unit: '{request}', attributes: { outcome: ['ok', 'failed'], route: [] } })
const bytes = counter('bytes', { unit: 'By' })
const time = histogram('time', { unit: 's', bounds: [0.5, 1, 5] })
const queue = gauge('queue', { unit: '{item}' })
const open = upDownCounter('open', { unit: '{connection}' })
const mode = gauge('mode', { attributes: { state: ['up', 'down'] } })
const failed = requests.where({ outcome: 'failed' })
const share = ratio({ of: failed, in: requests })
const burn = (objective: number) => burnRate({ of: failed, in: requests, objective })
const mine = rule('my_rule')

test.for([
  {
    why: 'a name with capitals and spaces',
    said: rule('My rule').when(rate(requests)).above(1),
    says: 'The rule name "My rule" cannot be used: take lower-case letters, digits and _ after a letter, 64 at most, and not service_silent or process_down.',
  },
  {
    why: 'a name that is too long',
    said: rule('x'.repeat(65)).when(rate(requests)).above(1),
    says: 'The rule name "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" cannot be used: take lower-case letters, digits and _ after a letter, 64 at most, and not service_silent or process_down.',
  },
  {
    why: 'the name of the rule that every instance judges',
    said: rule('service_silent').when(rate(requests)).above(1),
    says: 'The rule name "service_silent" cannot be used: take lower-case letters, digits and _ after a letter, 64 at most, and not service_silent or process_down.',
  },
  {
    why: 'the quantile 1, which is the highest value there ever was',
    said: mine.when(quantile(1, time)).above(1),
    says: 'The rule my_rule reads the quantile 1, expected a number between 0 and 1, such as 0.95.',
  },
  {
    why: 'a quantile in percent',
    said: mine.when(quantile(95, time)).above(1),
    says: 'The rule my_rule reads the quantile 95, expected a number between 0 and 1, such as 0.95.',
  },
  {
    why: 'a limit beyond the last bucket',
    said: mine.when(quantile(0.9, time)).above(5001, 'ms'),
    says: 'The limit of the rule my_rule is 5001 ms, beyond the last bucket of the histogram (5): give the histogram a bound above it.',
  },
  {
    why: 'a critical limit beyond it',
    said: mine.when(quantile(0.9, time)).above(1).critical(6),
    says: 'The limit of the rule my_rule is 6 s, beyond the last bucket of the histogram (5): give the histogram a bound above it.',
  },
  {
    why: 'a clear limit beyond it',
    said: mine.when(quantile(0.9, time)).below(1).clear(0.1, 'min'),
    says: 'The limit of the rule my_rule is 0.1 min, beyond the last bucket of the histogram (5): give the histogram a bound above it.',
  },
  {
    why: 'a clear limit on the bad side of a limit above',
    said: mine.when(rate(requests)).above(5).clear(6),
    says: 'The clear limit of my_rule is 6 /s, expected at most its limit (5 /s).',
  },
  {
    why: 'and of a limit below',
    said: mine.when(share).below(50).clear(0.4, '1'),
    says: 'The clear limit of my_rule is 0.4, expected at least its limit (50 %).',
  },
  {
    why: 'a critical limit on the good side of a limit above',
    said: mine.when(rate(requests)).above(5).critical(4),
    says: 'The critical limit of my_rule is 4 /s, expected at least its limit (5 /s).',
  },
  {
    why: 'and of a limit below',
    said: mine.when(share).below(50).critical(60),
    says: 'The critical limit of my_rule is 60 %, expected at most its limit (50 %).',
  },
  { why: 'no limit', said: mine.when(rate(requests)), says: 'The rule my_rule has no limit: give it one of above and below.' },
  {
    why: 'a limit above and one below',
    said: mine.when(rate(requests)).above(5).below(1),
    says: 'The rule my_rule has two limits: give it one of above and below.',
  },
  {
    why: 'a limit that is no number',
    said: mine.when(rate(requests)).above(NaN),
    says: 'above of the rule my_rule is NaN, expected a number, or one with its unit such as "60 %".',
  },
  {
    why: 'a time as the limit of a rate',
    said: mine.when(rate(requests)).above(5, 'ms'),
    says: 'above of the rule my_rule is in ms, expected /s, /min, /h or /d.',
  },
  {
    why: 'a rate as the limit of a share',
    said: mine.when(share).above(5, '/s'),
    says: 'above of the rule my_rule is in /s, expected 1 or %.',
  },
  {
    why: 'a share as the limit of a time',
    said: mine.when(mean(time)).above(5, '%'),
    says: 'above of the rule my_rule is in %, expected s, ms, us, min, h or d.',
  },
  {
    why: 'a limit in other things than are counted',
    said: mine.when(increase(requests)).above(5, 'orders'),
    says: 'above of the rule my_rule is in orders, expected request.',
  },
  {
    why: 'a unit of sizes that is none',
    said: mine.when(increase(bytes)).above(5, 'kB'),
    says: 'above of the rule my_rule is in kB, expected By, kBy, MBy, GBy, KiBy, MiBy or GiBy.',
  },
  {
    why: 'a time as the limit of a fraction',
    said: mine.when(level(gauge('load'))).above(5, 's'),
    says: 'above of the rule my_rule is in s, expected 1 or %.',
  },
  {
    why: 'a metric that nobody declares',
    said: mine.when(rate('nothing')).above(5),
    says: 'The rule my_rule reads the metric "nothing", which neither the kind of service nor "metrics" of health.config declares: declare it with its instrument and unit.',
  },
  {
    why: 'a ratio of different things',
    said: mine.when(ratio({ of: requests, in: bytes })).above(5),
    says: 'The rule my_rule takes the ratio of requests, which counts {request}, to bytes, which counts By: use two metrics with one unit.',
  },
  {
    why: 'a burn rate of different things',
    said: mine.when(burnRate({ of: requests, in: bytes, objective: 99 })).above(5),
    says: 'The rule my_rule takes the ratio of requests, which counts {request}, to bytes, which counts By: use two metrics with one unit.',
  },
  {
    why: 'events of a gauge',
    said: mine.when(rate(queue)).above(5),
    says: 'The rule my_rule reads events of queue, which is a gauge: use a counter or a histogram.',
  },
  {
    why: 'the level of a counter',
    said: mine.when(level(requests)).above(5),
    says: 'The rule my_rule reads the level of requests, which is a counter: use a gauge or an up-down counter.',
  },
  {
    why: 'the mean of a counter',
    said: mine.when(mean(requests)).above(5),
    says: 'The rule my_rule reads values of requests, which is a counter: use a histogram.',
  },
  {
    why: 'a quantile of an up-down counter',
    said: mine.when(quantile(0.5, open)).above(5),
    says: 'The rule my_rule reads values of open, which is an up-down counter: use a histogram.',
  },
  {
    why: 'the state of a histogram',
    said: mine.when(state(time, 'x')).isNot('y'),
    says: 'The rule my_rule reads the state of time, which is a histogram: use a gauge or an up-down counter.',
  },
  {
    why: 'an attribute that the metric does not have',
    said: mine.when(rate(requests.where({ rout: 'a' }))).above(5),
    says: 'The rule my_rule selects series of requests by rout, but its attributes are outcome, route: use one of these.',
  },
  {
    why: 'a value that the attribute does not have',
    said: mine.when(rate(requests.where({ outcome: 'bad' }))).above(5),
    says: 'The rule my_rule selects series of requests whose outcome is "bad", expected one of ok, failed.',
  },
  {
    why: 'one of several that it does not have',
    said: mine.when(rate(requests.where({ outcome: ['ok', 'bad'] }))).above(5),
    says: 'The rule my_rule selects series of requests whose outcome is "bad", expected one of ok, failed.',
  },
  {
    why: 'and one to be left out',
    said: mine
      .when(rate(requests))
      .above(5)
      .where({ outcome: { not: 'bad' } }),
    says: 'The rule my_rule selects series of requests whose outcome is "bad", expected one of ok, failed.',
  },
  {
    why: 'a split by an attribute that the metric does not have',
    said: mine.when(rate(requests)).above(5).by('queue'),
    says: 'The rule my_rule is split by queue, but requests has the attributes outcome, route: use one that all metrics it reads have.',
  },
  {
    why: 'or that one of two does not have',
    said: mine
      .when(ratio({ of: counter('a', { attributes: { x: [] } }), in: counter('b', { attributes: { y: [] } }) }))
      .above(5)
      .by('x'),
    says: 'The rule my_rule is split by x, but b has the attributes y: use one that all metrics it reads have.',
  },
  {
    why: 'a window shorter than what is kept',
    said: mine.when(rate(requests).over('5s')).above(5),
    says: 'The window of the rule my_rule is 5 s, expected 10 s to 6 h.',
  },
  {
    why: 'or longer',
    said: mine.when(rate(requests).over('7h')).above(5),
    says: 'The window of the rule my_rule is 25200 s, expected 10 s to 6 h.',
  },
  {
    why: 'a window between two steps',
    said: mine.when(rate(requests).over('15s')).above(5),
    says: 'The window of the rule my_rule is 15 s, but a window of up to 1 h is kept in steps of 10 s: use 10 s or 20 s.',
  },
  {
    why: 'a long window between two longer steps',
    said: mine.when(rate(requests).over(3610)).above(5),
    says: 'The window of the rule my_rule is 3610 s, but a window of more than 1 h is kept in steps of 60 s: use 3600 s or 3660 s.',
  },
  {
    why: 'a window that is no time',
    said: mine.when(rate(requests).over('soon')).above(5),
    says: 'The window of the rule my_rule is "soon", expected seconds or a text such as "30s", "5m" or "2h".',
  },
  {
    why: 'a time in a unit that is none',
    said: mine.when(rate(requests)).above(5).for('1 week'),
    says: 'for of the rule my_rule is "1 week", expected seconds or a text such as "30s", "5m" or "2h".',
  },
  {
    why: 'a time before now',
    said: mine.when(rate(requests)).above(5).for(-1),
    says: 'for of the rule my_rule is -1, expected seconds or a text such as "30s", "5m" or "2h".',
  },
  {
    why: 'a time that is no number',
    said: mine.when(rate(requests)).above(5).keepFiring(NaN),
    says: 'keepFiring of the rule my_rule is NaN, expected seconds or a text such as "30s", "5m" or "2h".',
  },
  {
    why: 'staleness after no time',
    said: mine.when(level(queue, { staleAfter: 'never' })).above(5),
    says: 'staleAfter of the rule my_rule is "never", expected seconds or a text such as "30s", "5m" or "2h".',
  },
  {
    why: 'a place that is misspelt',
    said: mine.when(rate(requests)).above(5).says('{currant} too many'),
    says: 'The sentence of the rule my_rule has the place {currant}, expected one of {current}, {limit}, {n}, {count}, {failures}, {window}, {of}.',
  },
  {
    why: 'a runbook that is no URL',
    said: mine.when(rate(requests)).above(5).runbook('wiki/page'),
    says: 'The runbook of the rule my_rule is "wiki/page", expected a URL that begins with https:// or http://.',
  },
  {
    why: 'a runbook that is no page',
    said: mine.when(rate(requests)).above(5).runbook('javascript:alert(1)'),
    says: 'The runbook of the rule my_rule is "javascript:alert(1)", expected a URL that begins with https:// or http://.',
  },
  {
    why: 'a state without the one that is fine',
    said: mine.when(state(mode, 'state')),
    says: 'The rule my_rule reads a state, but not which one is fine: add isNot.',
  },
  {
    why: 'a state that the metric does not have',
    said: mine.when(state(mode, 'state')).isNot('asleep'),
    says: 'The rule my_rule wants the state "asleep" of mode, expected one of up, down.',
  },
  {
    why: 'a state with a limit',
    said: mine.when(state(mode, 'state')).isNot('up').above(1),
    says: 'The rule my_rule has a limit, but a state is judged by isNot: leave above, below, critical and clear out.',
  },
  {
    why: 'an absence with a limit',
    said: mine.when(absent(requests)).below(1),
    says: 'The rule my_rule has a limit, but an absence is judged by its window: leave above, below, critical and clear out.',
  },
  {
    why: 'a rate with a state',
    said: mine.when(rate(requests)).above(1).isNot('up'),
    says: 'The rule my_rule has isNot, which is of use to a state only: say with above or below when a rate is too much or too little.',
  },
  {
    why: 'a rate with a severity',
    said: mine.when(rate(requests)).above(1).as('CRITICAL'),
    says: 'The rule my_rule has a severity, which is of use to state and absent only: beyond above or below it is a WARNING, beyond critical it is CRITICAL.',
  },
  {
    why: 'a severity that is none',
    said: mine.when(absent(requests)).as('LOW' as never),
    says: 'severity of the rule my_rule is "LOW", expected WARNING or CRITICAL.',
  },
  {
    why: 'an objective that leaves nothing to burn',
    said: mine.when(burn(100)).above(1),
    says: 'The objective of the rule my_rule is 100 %, expected more than 0 and less than 100.',
  },
  {
    why: 'an objective that is none',
    said: mine.when(burn(0)).above(1),
    says: 'The objective of the rule my_rule is 0 %, expected more than 0 and less than 100.',
  },
  {
    why: 'a short window as long as the long one',
    said: mine.when(burn(99).over('5m', '5m')).above(1),
    says: 'The short window of the rule my_rule is 300 s, expected less than the long one (300 s).',
  },
  {
    why: 'a burn rate faster than everything being bad',
    said: mine.when(burn(99)).above(100),
    says: 'The limit of the rule my_rule is 100 x, but a burn rate against 99 % is never above it: use 0 or more, and less than 100.',
  },
  {
    why: 'a burn rate below nothing',
    said: mine.when(burn(99)).below(0),
    says: 'The limit of the rule my_rule is 0 x, but a burn rate against 99 % is never below it: use more than 0, and at most 100.',
  },
  {
    why: 'a share above all',
    said: mine.when(share).above(100),
    says: 'The limit of the rule my_rule is 100 %, but a ratio is never above it: use 0 % or more, and less than 100 %.',
  },
  {
    why: 'a share below none',
    said: mine.when(share).below(0),
    says: 'The limit of the rule my_rule is 0 %, but a ratio is never below it: use more than 0 %, and at most 100 %.',
  },
  {
    why: 'a critical share above all',
    said: mine.when(share).above(50).critical(100, '%'),
    says: 'The critical limit of the rule my_rule is 100 %, but a ratio is never above it: use 0 % or more, and less than 100 %.',
  },
  {
    why: 'a share that is clear above more than all',
    said: mine.when(share).below(90).clear(101),
    says: 'The clear limit of the rule my_rule is 101 %, but a ratio is never clear of it: use more than 0 %, and at most 100 %.',
  },
  {
    why: 'a rate below nothing',
    said: mine.when(rate(requests)).below(0),
    says: 'The limit of the rule my_rule is 0 /s, but a rate is never below it: use more than 0.',
  },
  {
    why: 'a rate that is always above its limit',
    said: mine.when(rate(requests)).above(-1, '/min'),
    says: 'The limit of the rule my_rule is -1 /min, but a rate is always above it: use 0 or more.',
  },
  {
    why: 'an increase that is never clear',
    said: mine.when(increase(requests)).above(5).clear(-1),
    says: 'The clear limit of the rule my_rule is -1, but an increase is never clear of it: use 0 or more.',
  },
  {
    why: 'an age below nothing',
    said: mine.when(age(requests)).below(0, 's'),
    says: 'The limit of the rule my_rule is 0 s, but an age is never below it: use more than 0.',
  },
  {
    why: 'a throughput that is too high',
    said: mine.when(throughput({ of: requests, owed: queue, wording: { done: '{current}', unit: 'x' } })).above(1),
    says: 'The rule my_rule reads a throughput, which has one limit, below: leave above, critical and clear out.',
  },
  {
    why: 'a runbook with a password in it',
    said: mine.when(rate(requests)).above(5).runbook('https://me:hunter2@wiki/page'),
    says: 'The runbook of the rule my_rule is "https://***@wiki/page", expected one without a user, a password or a key, for it is published.',
  },
  {
    why: 'slow calls with a second limit',
    said: mine
      .when(slowCalls({ of: requests, in: requests, called: 'x' }))
      .above(1)
      .critical(2),
    says: 'The rule my_rule reads slow calls, which have one limit, above: leave below, critical and clear out.',
  },
  {
    why: 'a success rate with a clear limit of its own',
    said: mine
      .when(
        successRate({
          attempts: requests,
          failed,
          units: requests,
          failedUnits: failed,
          wording: { rate: 'Rate', units: 'x', unitsInFull: 'x' },
        }),
      )
      .below(1)
      .clear(2),
    says: 'The rule my_rule reads a success rate, which has limits below, and is clear 2 points above them: leave above and clear out.',
  },
])('refused: $why', ({ said, says }) => {
  expect(() => compiled(said)).toThrow(new Error(says))
})

test.for([50, 75, 90, 95, 99, 99.5, 99.6, 99.9, 99.99])(
  'a burn rate may be as fast as everything being bad, with an objective of %s',
  (objective) => {
    const all = Number((100 / (100 - objective)).toFixed(3))
    expect(() => compiled(mine.when(burn(objective)).below(all))).not.toThrow()
    expect(() => compiled(mine.when(burn(objective)).above(all))).toThrow(`is never above it: use 0 or more, and less than ${all}.`)
  },
)

test.for([
  {
    why: 'a name that OpenTelemetry does not allow',
    make: () => counter('my metric'),
    says: 'The metric "my metric" has no name that OpenTelemetry allows: use letters, digits and _ . - / after a letter, 255 at most.',
  },
  {
    why: 'a unit that is no text',
    make: () => counter('m', { unit: 5 as never }),
    says: 'The unit of the metric m is 5, expected a text as it is given to the instrument, such as "s" or "By".',
  },
  {
    why: 'attributes without lists',
    make: () => counter('m', { attributes: { a: 'b' } as never }),
    says: 'The attributes of the metric m are {"a":"b"}, expected an object from attribute to the list of its values, empty where there is no such list.',
  },
  {
    why: 'bounds that do not rise',
    make: () => histogram('m', { bounds: [1, 1] }),
    says: 'The bounds of the metric m are [1,1], expected a list of finite numbers that rise.',
  },
  {
    why: 'bounds of a counter',
    make: () => counter('m', { bounds: [1, 2] }),
    says: 'The metric m has bounds, which are of use to a histogram only: leave them out.',
  },
])('a metric is refused with $why', ({ make, says }) => {
  expect(make).toThrow(new Error(says))
})
