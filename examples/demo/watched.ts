/** What the demo makes of what it hears: of one service all that it says, of several how each of them is. */
import type { HealthView } from '../../src/subscribe/health-view.ts'
import type { HealthMessage } from '../../src/wire/message.ts'
import { ALL_FAULT_KEYS, FAULT_KEYS, type FaultKey } from './fault-keys.ts'
import type { FeedEntry } from './feed.ts'
import type { Line } from './line.ts'
import { overviewLines } from './overview-screen.ts'
import { Overview } from './overview.ts'
import { screenLines } from './screen.ts'
import type { ScreenFacts, ScreenSize } from './sections.ts'
import type { DemoService } from './services.ts'
import type { Shown } from './shown.ts'
import type { System } from './system.ts'
import { View } from './view.ts'

export interface Watched {
  readonly shown: Shown
  readonly tries: readonly FaultKey[]
  hear(message: HealthMessage, now: number): void
  see(view: HealthView, now: number): void
  screen(size: ScreenSize, facts: ScreenFacts): readonly Line[]
  /** Lines that are told now and then, with the word that stands in front of them. */
  figures(now: number): readonly (readonly [word: string, text: string])[]
  /** How each service stood in the end; none if nothing was heard of it. */
  ends(): readonly { readonly service: string; readonly status: string; readonly phase: string }[]
}

export function watchOne({ options: { serviceName, settings } }: System, onNews: (entry: FeedEntry) => void): Watched {
  const view = new View(serviceName, settings, onNews)
  return {
    shown: view,
    tries: FAULT_KEYS,
    hear(message, now) {
      if (message.service === serviceName) view.hear(message, now)
    },
    see() {},
    screen: (size, facts) => screenLines(view, size, facts),
    figures(now) {
      if (!view.metrics) return []
      const rows = view.metricRows(now).map(({ name, value }) => `${name.toLowerCase()} ${value}`)
      const { otlp } = view
      return [['metrics', [...rows, ...(otlp ? [`otlp ${otlp.requests} requests, ${otlp.dataPoints} points`] : [])].join(' | ')]]
    },
    ends: () => (view.status ? [view.status] : []),
  }
}

export function watchAll(services: readonly DemoService[], startedAt: number, onNews: (entry: FeedEntry) => void): Watched {
  const names = services.map(({ name }) => name)
  const overview = new Overview(names, startedAt, onNews)
  return {
    shown: overview,
    tries: ALL_FAULT_KEYS,
    hear: (message, now) => overview.hear(message, now),
    see: (view, now) => overview.see(view, now),
    screen: (size, facts) => overviewLines(overview, size, facts),
    figures: () => overview.rows().flatMap(({ name, figures }) => (figures === '' ? [] : [['figures', `${name}: ${figures}`] as const])),
    ends: () => overview.rows().flatMap(({ name, status, phase }) => (status && phase ? [{ service: name, status, phase }] : [])),
  }
}
