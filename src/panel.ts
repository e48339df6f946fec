/** `otel-health/panel`: the admin panel, to be mounted in a server or to be one. A service does not load it. */
import type { Clock } from './types.ts'
import { createPanelData, type PanelDataOptions } from './panel/data/create-panel-data.ts'
import { Panel, type PanelHttpOptions } from './panel/http/panel.ts'

export { Panel } from './panel/http/panel.ts'
export type { PanelFetch, PanelHttpOptions } from './panel/http/panel.ts'
export type { PanelEnv } from './panel/http/call.ts'
export type { PanelAuth } from './panel/http/access/access-of.ts'
export type { Authorized, Authorize } from './panel/http/access/hook.ts'
export type { Rights } from './panel/http/access/rights.ts'
export { hashPassword } from './panel/http/access/password-hash.ts'
export type { Listening, ListenOptions } from './panel/http/listen.ts'
export { listen } from './panel/http/listen.ts'

export interface PanelOptions extends PanelHttpOptions {
  /** Where the health Redis is. */
  readonly connection: PanelDataOptions['connection']
  /** Of a Prometheus that is asked for trends of 30 days; left out: none is. */
  readonly prometheusUrl?: string
  /** Of a Grafana that pages link to. */
  readonly grafanaUrl?: string
  /** As the services have it, HEALTH_RETENTION_HOURS. Default 24. */
  readonly retentionHours?: number
  readonly clock?: Clock
}

/** Throws one sentence if an option cannot be used. Connects when it is started, or asked for the first time. */
export function createPanel(options: PanelOptions): Panel {
  const { connection, prometheusUrl, grafanaUrl, retentionHours = 24, clock } = options
  const dataOptions: PanelDataOptions = {
    connection,
    retentionHours,
    ...(prometheusUrl !== undefined && { prometheusUrl }),
    ...(grafanaUrl !== undefined && { grafanaUrl }),
    ...(clock && { clock }),
  }
  const facts = { prometheus: prometheusUrl !== undefined, retentionHours, ...(grafanaUrl !== undefined && { grafana: grafanaUrl }) }
  return new Panel(() => createPanelData(dataOptions), facts, options, clock ? { clock } : {})
}
