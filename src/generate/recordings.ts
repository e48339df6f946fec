/** Recording rules of Prometheus for the figures of own rules. They page nobody: who judges is otel-health. */
import { readingPromql } from '../panels/reading-promql.ts'
import type { GenerateOptions } from './options.ts'
import { ownRules } from './own-rules.ts'

export interface RecordingRule {
  readonly record: string
  readonly expr: string
  readonly labels: { readonly origin: 'otel-health' }
}

export interface Recordings {
  readonly rules: readonly RecordingRule[]
  /** For the head of the file: what they are, and which rules have none. Empty where there are no own rules. */
  readonly comment: string
}

export function recordings(options: GenerateOptions): Recordings {
  const own = ownRules(options).map(({ data, metricOf }) => ({
    name: data.name,
    promql: readingPromql({ data, metricOf, timing: options, selected: [] }),
  }))
  if (own.length === 0) return { rules: [], comment: '' }
  return {
    rules: own.flatMap(({ name, promql }) =>
      promql.kind === 'unsaid' ? [] : [{ record: `health:${name}`, expr: promql.expr, labels: { origin: 'otel-health' as const } }],
    ),
    comment: [
      '# Figures of own rules are recorded as health:<rule>. None of them is an alert here: otel-health judges them, and knows their evidence.',
      ...own.flatMap(({ name, promql }) =>
        promql.kind === 'unsaid' ? [`# Not recorded: ${name}. PromQL cannot say it: ${promql.because}`] : [],
      ),
    ]
      .map((line) => `${line}\n`)
      .join(''),
  }
}
