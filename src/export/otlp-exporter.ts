/**
 * What sends metrics over OTLP: the exporter of OpenTelemetry, which reads OTEL_EXPORTER_OTLP_* itself, over connections that keep no
 * service alive. Whoever wants to know how exports fare (doctor) sends with the same.
 */
import { readFileSync } from 'node:fs'
import type { Agent } from 'node:http'
import type { Socket } from 'node:net'

import type { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'

import { markAsOwn } from '../instrument/http/own-requests.ts'
import { loadOwnSdk } from './own-sdk.ts'

/** `timeoutMillis`: of one export, attempts to repeat it included. */
export function createOtlpExporter(timeoutMillis: number): OTLPMetricExporter {
  return new (loadOwnSdk().otlp.OTLPMetricExporter)({ timeoutMillis, httpAgentOptions: agentThatHoldsNobody })
}

/** An export under way does not keep a service alive that is done. */
async function agentThatHoldsNobody(protocol: string): Promise<Agent> {
  const { Agent: AgentOf } = protocol === 'https:' ? await import('node:https') : await import('node:http')
  const agent = new AgentOf({ keepAlive: true, ...certificates() })
  markAsOwn(agent)
  const createConnection = agent.createConnection.bind(agent)
  agent.createConnection = (options, done) => {
    const socket = createConnection(options, done)
    ;(socket as Socket | undefined)?.unref()
    return socket
  }
  return agent
}

/** An exporter that is given an agent leaves the files of these variables to it. */
function certificates(): { ca?: Buffer; cert?: Buffer; key?: Buffer } {
  return { ...fileOf('ca', 'CERTIFICATE'), ...fileOf('cert', 'CLIENT_CERTIFICATE'), ...fileOf('key', 'CLIENT_KEY') }
}

/** Nothing of a file that cannot be read: the exporter has said so. */
function fileOf(option: 'ca' | 'cert' | 'key', variable: string): Record<string, Buffer> {
  const file = process.env[`OTEL_EXPORTER_OTLP_METRICS_${variable}`] || process.env[`OTEL_EXPORTER_OTLP_${variable}`]
  if (!file) return {}
  try {
    return { [option]: readFileSync(file) }
  } catch {
    return {}
  }
}
