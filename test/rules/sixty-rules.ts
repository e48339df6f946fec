/** Sixty rules written by hand over the instruments of one shop, as a service would write them. */
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
import type { RuleSentence } from '../../src/rules/rule.ts'
import { rule } from '../../src/rules/rule.ts'

const orders = counter('shop.orders', { unit: '{order}', attributes: { outcome: ['ok', 'failed', 'refused'], region: [] } })
const lookups = counter('shop.lookups', { unit: '{lookup}', attributes: { cache: [] } })
const hits = counter('shop.hits', { unit: '{lookup}', attributes: { cache: [] } })
const sent = counter('shop.sent', { unit: 'By', attributes: { peer: [] } })
const jobs = counter('shop.jobs', { unit: '{job}', attributes: { kind: [] } })
const beats = counter('shop.beats', { unit: '{beat}' })
export const duration = histogram('shop.duration', {
  unit: 's',
  attributes: { route: [], method: ['GET', 'POST'] },
  bounds: [0.0625, 0.125, 0.25, 0.5, 1, 2.5, 5, 10],
})
const sizes = histogram('shop.sizes', { unit: 'By' })
const backlog = gauge('shop.backlog', { unit: '{item}', attributes: { queue: [] } })
const stock = gauge('shop.stock', { unit: '{item}', attributes: { store: [] } })
const open = upDownCounter('shop.open', { unit: '{connection}', attributes: { pool: [] } })
const waiting = upDownCounter('shop.waiting', { unit: '{task}' })
const memory = gauge('shop.memory', { unit: 'By' })
const load = gauge('shop.load', { attributes: { host: [] } })
const lag = gauge('shop.lag', { unit: 's', attributes: { shard: [] } })
const mode = gauge('shop.mode', { attributes: { state: ['up', 'degraded', 'down', 'unknown'] } })
const leader = gauge('shop.leader', { attributes: { role: ['primary', 'replica', 'none'] } })

const failed = orders.where({ outcome: 'failed' })
const notOk = orders.where({ outcome: { not: 'ok' } })
const slow = duration.where({ route: ['search', 'export'] })

export const SIXTY_RULES: readonly RuleSentence[] = [
  // How often.
  rule('many_orders').when(rate(orders).over('5m')).above(60, '/min').critical(240),
  rule('few_orders').when(rate(orders).over('15m')).below(5, '/min').critical(1, '/min').clear(7),
  rule('many_refused').when(rate(notOk).over('60s')).above(0.1),
  rule('busy_region').when(rate(orders).over('2m')).above(20, '/min').by('region'),
  rule('few_jobs_an_hour').when(rate(jobs).over('6h')).below(30, '/h').clear(40),
  rule('few_jobs_a_day').when(rate(jobs).over('1h')).below(2000, '/d'),
  rule('many_requests').when(rate(duration).over('10s')).above(1, '/s'),
  rule('few_searches').when(rate(slow).over('30m')).below(0.5, '/min'),
  rule('traffic').when(rate(sent).over('90m')).above(1000, '/min').critical(5000, '/min').clear(500, '/min'),

  // How many.
  rule('failures').when(increase(failed)).above(3).critical(20),
  rule('orders_in_europe')
    .when(increase(orders).over('10m'))
    .below(5, 'orders')
    .where({ region: ['eu', 'uk'] }),
  rule('orders_nowhere').when(increase(orders).over('1h')).above(0).where({ region: '' }),
  rule('bytes').when(increase(sent).over('5m')).above(50, 'kBy').critical(1, 'MBy').clear(20, 'kBy'),
  rule('bytes_to_each').when(increase(sent).over('20m')).below(16, 'KiBy').by('peer'),
  rule('no_beats').when(increase(beats).over('2m')).below(1),
  rule('enough_beats').when(increase(beats).over('6h')).below(50, 'beats').critical(5),
  rule('jobs_done')
    .when(increase(jobs.where({ kind: { not: ['mail', 'fax'] } })).over('1h'))
    .above(100, '{job}'),
  rule('answers')
    .when(increase(duration.where({ method: 'POST' })).over('30s'))
    .above(10, 'values'),

  // What share.
  rule('low_hit_rate')
    .when(ratio({ of: hits, in: lookups }).over('5m'))
    .plain()
    .below(60, '%')
    .critical(30, '%')
    .for('2m'),
  rule('lower_hit_rate')
    .when(ratio({ of: hits, in: lookups }).over('1h'))
    .plain()
    .below(0.5, '1')
    .clear(55, '%'),
  rule('hit_rate_of_each')
    .when(ratio({ of: hits, in: lookups }).over('10m'))
    .plain()
    .below(50)
    .by('cache'),
  rule('high_hit_rate')
    .when(ratio({ of: hits, in: lookups }).over('60s'))
    .plain()
    .above(60, '%')
    .clear(55),
  rule('failed_orders')
    .when(ratio({ of: failed, in: orders }).over('5m'))
    .plain()
    .above(5, '%')
    .critical(20, '%'),
  rule('failed_or_refused')
    .when(ratio({ of: notOk, in: orders }).over('6h'))
    .plain()
    .above(10, '%')
    .clear(8, '%'),
  rule('failures_of_each')
    .when(ratio({ of: failed, in: orders }).over('30m'))
    .plain()
    .above(12.5, '%')
    .critical(50)
    .clear(10)
    .by('region'),
  rule('any_failure')
    .when(ratio({ of: failed, in: orders }).over('20m'))
    .plain()
    .above(0, '%'),
  rule('not_all_fine')
    .when(ratio({ of: orders.where({ outcome: 'ok' }), in: orders }).over('15m'))
    .plain()
    .below(100, '%')
    .critical(90, '%'),
  rule('posts')
    .when(ratio({ of: duration.where({ method: 'POST' }), in: duration }).over('10m'))
    .plain()
    .above(0.25, '1'),

  // How fast what may be bad is used up.
  rule('orders_burn')
    .when(burnRate({ of: failed, in: orders, objective: 99 }).over('1h', '5m'))
    .above(14.4)
    .critical(50, 'x'),
  rule('orders_burn_slowly')
    .when(burnRate({ of: notOk, in: orders, objective: 90 }).over('6h', '30m'))
    .above(1, 'x')
    .clear(0.8),
  rule('misses_burn')
    .when(burnRate({ of: lookups.where({ cache: 'cold' }), in: lookups, objective: 75 }))
    .above(2),
  rule('burns_nothing')
    .when(burnRate({ of: failed, in: orders, objective: 80 }).over('10m', '1m'))
    .below(0.5),
  rule('burn_of_each')
    .when(burnRate({ of: failed, in: orders, objective: 95 }).over('30m', '2m'))
    .above(4)
    .by('region'),

  // How long, how large.
  rule('slow').when(quantile(0.95, duration).over('5m')).above(500, 'ms').critical(2, 's'),
  rule('slow_median').when(quantile(0.5, duration).over('1h')).above(0.25).clear(200, 'ms'),
  rule('slowest').when(quantile(0.99, duration).over('6h')).above(5).critical(10),
  rule('slow_route').when(quantile(0.9, duration).over('10m')).above(1, 's').by('route'),
  rule('too_fast')
    .when(quantile(0.25, duration).over('15m'))
    .below(100, 'ms')
    .where({ method: { not: 'GET' } }),
  rule('large').when(quantile(0.55, sizes).over('2m')).above(5, 'kBy'),
  rule('slow_on_average').when(mean(duration).over('5m')).above(0.01, 'min').critical(2000, 'ms').clear(300, 'ms'),
  rule('small_on_average').when(mean(sizes).over('30m')).below(0.5, 'KiBy').clear(600),
  rule('average_of_route').when(mean(duration).over('2h')).above(750, 'ms').by('route'),

  // How it is now.
  rule('backlog_high').when(level(backlog)).above(100, 'items').critical(1000),
  rule('backlog_of_each').when(level(backlog)).above(50).clear(40).by('queue'),
  rule('backlog_together')
    .when(level(backlog, { fold: 'sum', staleAfter: '2m' }))
    .above(150),
  rule('stock_low')
    .when(level(stock, { fold: 'min', staleAfter: 45 }))
    .below(10)
    .critical(3)
    .clear(12),
  rule('stock_of_one')
    .when(level(stock.where({ store: ['north', 'south'] }), { staleAfter: '5m' }))
    .below(20),
  rule('connections').when(level(open)).above(25, 'connections').critical(60),
  rule('connections_of_each')
    .when(level(open, { fold: 'max' }))
    .above(30)
    .by('pool'),
  rule('waiting_tasks')
    .when(level(waiting, { called: 'tasks that wait' }))
    .above(7),
  rule('memory_high').when(level(memory)).above(512, 'MiBy').critical(1, 'GBy').clear(400, 'MiBy'),
  rule('load_high').when(level(load)).above(80, '%').critical(0.95, '1').clear(70, '%'),
  rule('lag_high')
    .when(level(lag, { staleAfter: '10m' }))
    .above(1500, 'ms')
    .critical(0.5, 'min')
    .by('shard'),

  // When it was last.
  rule('old_beat').when(age(beats)).above(2, 'min').critical(0.5, 'h').clear(90, 's'),
  rule('old_failure').when(age(failed)).below(30),
  rule('old_backlog').when(age(backlog)).above(1, 'min').by('queue'),
  rule('silent').when(absent(beats).over('5m')).as('CRITICAL'),
  rule('silent_region').when(absent(orders).over('2m')).by('region'),

  // Which one it is.
  rule('not_up')
    .when(state(mode, 'state', { down: 'It is down' }))
    .isNot('up'),
  rule('no_primary').when(state(leader, 'role')).isNot('primary').as('WARNING'),
]

const successes = {
  attempts: orders,
  failed,
  units: orders,
  failedUnits: failed,
  wording: { rate: 'Success rate', units: 'orders', unitsInFull: 'orders' },
}

/** Readings of the kinds of service that are there, over the same instruments. Compared plainly: what is luck is tried in test/judge. */
export const KIND_RULES: readonly RuleSentence[] = [
  rule('low_throughput')
    .when(throughput({ of: orders, owed: backlog, staleAfter: '90s', wording: { done: 'took {current}', unit: 'orders' } }))
    .plain()
    .below(30, '/h'),
  rule('slow_calls')
    .when(slowCalls({ of: slow, in: duration, called: 'the shop' }))
    .plain()
    .above(10, 's'),
  rule('low_success').when(successRate(successes)).plain().below(70, '%').critical(40),
  rule('low_success_of_each').when(successRate(successes)).plain().below(90).critical(75, '%').by('region'),
]
