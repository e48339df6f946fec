/** What every service that works says alike: its attempts, and its calls to others. */
import { ERROR_TYPE } from '../../../../src/catalogue.ts'
import { WORK_ATTEMPTS, WORK_OUTCOME, WORK_UPSTREAM, WORK_UPSTREAM_DURATION } from '../../../../src/kinds/worker/metrics.ts'
import { countBy, figures, prefixed, type Counts, type Figure } from '../../figures.ts'
import type { SeriesSum } from '../../otlp-sums.ts'
import type { Telemetry } from './books.ts'

/** `failed`: by why. */
export function attempts({ otlp, totals }: Telemetry, truth: { readonly ok: number; readonly failed: Counts }): readonly Figure[] {
  const said = totals['attempts'] as { readonly ok: number; readonly failed: Counts }
  return figures('attempts', {
    truth: { ok: truth.ok, ...prefixed('failed ', truth.failed) },
    otlp: countBy(otlp.of(WORK_ATTEMPTS.name), ({ attributes }) =>
      attributes[WORK_OUTCOME] === 'ok' ? 'ok' : `failed ${attributes[ERROR_TYPE]}`,
    ),
    totals: { ok: said.ok, ...prefixed('failed ', said.failed) },
  })
}

/** `truth` by the simulator, `service` by the service: calls by their answer. */
export function calls({ otlp, totals }: Telemetry, upstream: string, truth: Counts, service: Counts): readonly Figure[] {
  const series = otlp.of(WORK_UPSTREAM_DURATION.name).filter(({ attributes }) => attributes[WORK_UPSTREAM] === upstream)
  const said = (totals['api_calls'] as Readonly<Record<string, Counts>>)[upstream] ?? {}
  return figures(`calls to ${upstream}`, { truth, otlp: countBy(series, answer, ({ count }) => count), totals: said, service })
}

/** What an OTLP counter and its totals have come to, by the values of its attributes. */
export function counted(
  { otlp, totals }: Telemetry,
  metric: string,
  keys: readonly string[],
): { readonly otlp: Counts; readonly totals: Counts } {
  const key = ({ attributes }: SeriesSum): string => keys.flatMap((name) => attributes[name] ?? []).join(' ')
  return { otlp: countBy(otlp.of(metric), key), totals: (totals[metric] ?? {}) as Counts }
}

/** Nothing may be lost on the way: records that were dropped, evaluations that threw, messages that never came to Redis. */
export function losses({ otlp }: Telemetry): readonly Figure[] {
  const bad = (metric: string, isBad: (series: SeriesSum) => boolean = () => true): Figure => ({
    what: metric,
    truth: 0,
    otlp: otlp
      .of(metric)
      .filter(isBad)
      .reduce((sum, { value }) => sum + value, 0),
  })
  return [
    bad('health.records.dropped'),
    bad('health.evaluation.errors'),
    bad('health.publish.messages', ({ attributes }) => attributes['health.publish.outcome'] !== 'published'),
    bad('health.otlp.export.failures'),
  ]
}

function answer({ attributes }: SeriesSum): string {
  return attributes[ERROR_TYPE] ?? 'ok'
}
