/** What a PromQL expression of a dashboard or a rule asks for, by Prometheus' own grammar. */
import { parser } from '@prometheus-io/lezer-promql'

export interface Parsed {
  /** Where the grammar finds an error. */
  readonly errors: readonly string[]
  readonly selectors: readonly Selected[]
}

export interface Selected {
  readonly metric: string
  /** As they stand, such as `job=~"$service"`. */
  readonly matchers: readonly string[]
  /** Names of the functions around it, innermost first. */
  readonly functions: readonly string[]
}

export function parsePromql(expr: string): Parsed {
  // Grafana's variables of time stand where the grammar wants a duration.
  const text = expr.replaceAll(/\$__(?:rate_interval|interval|range)/g, '5m')
  const errors: string[] = []
  const selectors: Selected[] = []
  parser.parse(text).iterate({
    enter(node) {
      if (node.type.isError) errors.push(text.slice(Math.max(0, node.from - 20), node.from + 20))
      if (node.name !== 'VectorSelector') return
      const selector = text.slice(node.from, node.to)
      const functions: string[] = []
      for (let up = node.node.parent; up; up = up.parent) {
        if (up.name === 'FunctionCall') functions.push(text.slice(up.from, text.indexOf('(', up.from)))
      }
      const [, metric = '', matchers = ''] = /^([^{]*)(?:\{(.*)\})?$/.exec(selector) ?? []
      selectors.push({ metric, matchers: matchers.match(/[^,"]+"[^"]*"/g) ?? [], functions })
    },
  })
  return { errors, selectors }
}
