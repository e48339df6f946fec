import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json, readBody, send } from '../simulators/loopback-server.ts'

/** The last point of one cumulative series: `value` of a counter or a level; of a histogram the sum of its values, and their number. */
export interface SeriesSum {
  readonly metric: string
  readonly attributes: Readonly<Record<string, string>>
  readonly value: number
  readonly count: number
}

/** What arrives as OTLP's JSON; only what is read here. */
interface Point {
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[]
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

  #take({ resourceMetrics }: Export): void {
    for (const { name, sum, histogram, gauge } of resourceMetrics.flatMap((each) => each.scopeMetrics).flatMap((each) => each.metrics)) {
      const data = sum ?? histogram
      if (data && data.aggregationTemporality !== CUMULATIVE) throw new Error(`${name} is not cumulative`)
      for (const point of (data ?? gauge)?.dataPoints ?? []) {
        const attributes = Object.fromEntries(point.attributes.map(({ key, value }) => [key, value.stringValue ?? '']))
        this.#last.set(JSON.stringify([name, attributes]), {
          metric: name,
          attributes,
          value: Number(point.asDouble ?? point.asInt ?? point.sum ?? 0),
          count: Number(point.count ?? 0),
        })
      }
    }
  }
}
