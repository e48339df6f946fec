/** What can be generated. The package brings this with all that it imports in one file, so that nobody has to install Grafana's builders. */
export { dashboards } from './dashboards.ts'
export { prometheusRuleFile } from './prometheus-rules.ts'
export { serviceRuleFile } from './service-rules.ts'
