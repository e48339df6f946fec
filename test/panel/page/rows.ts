/** Rows for tests: what matters is given, the rest is something. */
import type { AlertRow, Change, Now, ServiceRow } from '../../../src/panel/protocol.ts'

export function serviceRow(given: Partial<ServiceRow> & { readonly service: string }): ServiceRow {
  return {
    status: 'healthy',
    reasons: [],
    live: 1,
    missing: 0,
    phases: {},
    rate: null,
    success: null,
    p95: null,
    due: null,
    alerts: 0,
    ...given,
  }
}

export function alertRow(given: Partial<AlertRow> & { readonly id: string }): AlertRow {
  return {
    episode: 1,
    rev: 1,
    service: 'fetcher',
    rule: 'large_queue',
    severity: 'WARNING',
    state: 'firing',
    since: 1000,
    message: 'Too many are due.',
    instances: [],
    ...given,
  }
}

export function nowOf(given: Partial<Now> = {}): Now {
  return { at: 1000, epoch: 'e', seq: 1, problems: [], services: [], alerts: [], ...given }
}

export function changeOf(given: Partial<Change> = {}): Change {
  return { at: 2000, epoch: 'e', seq: 2, problems: [], services: [], servicesGone: [], alerts: [], alertsGone: [], ...given }
}
