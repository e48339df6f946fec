import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json, readBody, send } from '../simulators/loopback-server.ts'

/** The last point of one cumulative series: `value` of a counter or a level; of a histogram the sum of its values, and their number. */
export interface SeriesSum {
  /** `service.name` of its resource. */
  readonly service: string
  readonly metric: string
  readonly attributes: Readonly<Record<string, string>>
  readonly value: number
  readonly count: number
}

/** What arrives as OTLP's JSON; only what is read here. */
type Attributes = readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[]
interface Point {
  readonly attributes: Attributes
  readonly asDouble?: number
  readonly asInt?: number | string
  readonly sum?: number
  readonly count?: number | string
}
interface Points {
  readonly aggregationTemporality?: number
  readonly dataPoints: readonly Point[]
}
interface Export {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: Attributes }
    readonly scopeMetrics: readonly {
      readonly metrics: readonly { readonly name: string; readonly sum?: Points; readonly histogram?: Points; readonly gauge?: Points }[]
    }[]
  }[]
}

const CUMULATIVE = 2

/** In place of a collector: takes metrics over OTLP/HTTP and keeps the last point of every series. */
export class OtlpSums {
  requests = 0
  readonly #last = new Map<string, SeriesSum>()
  readonly #server = createServer((request, response) => {
    void readBody(request).then((body) => {
      this.requests++
      this.#take(JSON.parse(body) as Export)
      return send(response, json({}))
    })
  })

  /** Resolves to the base URL. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  /** All series of one metric. */
  of(metric: string): readonly SeriesSum[] {
    return [...this.#last.values()].filter((series) => series.metric === metric)
  }

  /** Those of one service alone. */
  ofService(service: string): Pick<OtlpSums, 'of'> {
    return { of: (metric) => this.of(metric).filter((series) => series.service === service) }
  }

  #take({ resourceMetrics }: Export): void {
    for (const { resource, scopeMetrics } of resourceMetrics) {
      const { 'service.name': service = '' } = texts(resource.attributes)
      this.#takeMetrics(service, scopeMetrics)
    }
  }

  #takeMetrics(service: string, scopeMetrics: Export['resourceMetrics'][number]['scopeMetrics']): void {
    for (const { name, sum, histogram, gauge } of scopeMetrics.flatMap((each) => each.metrics)) {
      const data = sum ?? histogram
      if (data && data.aggregationTemporality !== CUMULATIVE) throw new Error(`${name} is not cumulative`)
      for (const point of (data ?? gauge)?.dataPoints ?? []) {
        const attributes = texts(point.attributes)
        this.#last.set(JSON.stringify([service, name, attributes]), {
          service,
          metric: name,
          attributes,
          value: Number(point.asDouble ?? point.asInt ?? point.sum ?? 0),
          count: Number(point.count ?? 0),
        })
      }
    }
  }
}

function texts(attributes: Attributes): Readonly<Record<string, string>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? '']))
}
