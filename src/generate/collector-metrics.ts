/**
 * What the collector and Prometheus say of themselves, as Prometheus scrapes it with the configuration of this repository: names of
 * collector 0.162 and Prometheus 3.13. Counters of what was sent, lost or refused have no series before they first count.
 */
export const COLLECTOR_JOB = 'otel-collector'
const PROMETHEUS_JOB = 'prometheus'

const OTLP_HANDLER = 'handler="/api/v1/otlp/v1/metrics"'

function collector(name: string): string {
  return `otelcol_${name}{job="${COLLECTOR_JOB}"}`
}
function prometheus(name: string, matcher: string = ''): string {
  return `prometheus_${name}{job="${PROMETHEUS_JOB}"${matcher && `,${matcher}`}}`
}

export const COLLECTOR = {
  up: `up{job="${COLLECTOR_JOB}"}`,
  accepted: collector('receiver_accepted_metric_points_total'),
  /** Answered with 503, as the queue or the memory was full: who sent them tries again. */
  refused: collector('receiver_refused_metric_points_total'),
  sent: collector('exporter_sent_metric_points_total'),
  /** Given up after all retries, or refused for good. */
  sendFailed: collector('exporter_send_failed_metric_points_total'),
  queueSize: collector('exporter_queue_size'),
  queueCapacity: collector('exporter_queue_capacity'),
  memory: collector('process_memory_rss_bytes'),
  uptime: collector('process_uptime_seconds_total'),
} as const

export const PROMETHEUS = {
  up: `up{job="${PROMETHEUS_JOB}"}`,
  /** By `code`: 400 are samples that are refused for good, 503 is a Prometheus that starts, and the collector tries again. */
  otlpRequests: prometheus('http_requests_total', OTLP_HANDLER),
  otlpRefused: prometheus('http_requests_total', `${OTLP_HANDLER},code=~"4.."`),
  appended: prometheus('tsdb_head_samples_appended_total'),
  late: prometheus('tsdb_head_out_of_order_samples_appended_total'),
  tooOld: prometheus('tsdb_too_old_samples_total'),
  series: prometheus('tsdb_head_series'),
  ruleFailures: prometheus('rule_evaluation_failures_total'),
} as const
