/**
 * Whether the OTLP endpoint takes metrics: asked with an export that holds none, by the exporter that sends the real ones. So the
 * variables mean here what they mean to it: endpoint, headers, certificates, compression.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { emptyResource } from '@opentelemetry/resources'
import type { Environment } from '../config/options.ts'
import { createOtlpExporter } from '../export/otlp-exporter.ts'
import { endpointVariable, unusableEndpoint, type OtlpSettings } from '../export/otlp-settings.ts'
import type { Clock } from '../types.ts'
import { errorText } from './error-text.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

/** Milliseconds; the export's own limit where that is shorter. */
const LONGEST_MS = 5000

/** Of the answer's text, to recognise a page or a hint. */
const TEXT_LENGTH = 500

/** What became of the first request; the exporter would go on trying. */
interface Answer {
  /** Without user, password and query, which may be secrets; `undefined` if no request could be made. */
  readonly url: string | undefined
  readonly status?: number
  readonly contentType?: string
  /** Where a redirect leads to, without query. */
  readonly location?: string
  readonly text?: string
  readonly error?: unknown
  /** From the request to the answer. */
  readonly ms?: number
}

export async function checkOtlpEndpoint(env: Environment, settings: OtlpSettings, clock: Clock): Promise<Finding> {
  const unusable = unusableEndpoint(env)
  if (unusable) return fail('otlp', unusable.message, unusable.mend)
  const timeoutMs = Math.min(settings.requestTimeoutMs, LONGEST_MS)
  return judge(await exportNothing(timeoutMs, clock), env, timeoutMs)
}

/** Tells the requests of one export from all others. */
const exporting = new AsyncLocalStorage<object>()

async function exportNothing(timeoutMs: number, clock: Clock): Promise<Answer> {
  const exporter = createOtlpExporter(timeoutMs)
  const first = Promise.withResolvers<Answer>()
  const own = {}
  let url: string | undefined
  let begin = 0
  const follow = (message: unknown): void => {
    if (exporting.getStore() !== own) return
    const { request } = message as { request: ClientRequest }
    if (url !== undefined) return void request.destroy()
    url = shownUrl(request)
    begin = clock.monotonicMs()
    onAnswer(request, url, first.resolve)
  }
  subscribe('http.client.request.start', follow)
  exporting.run(own, () => {
    exporter.export({ resource: emptyResource(), scopeMetrics: [] }, ({ error }) => {
      unsubscribe('http.client.request.start', follow)
      first.resolve({ url, error })
    })
  })
  return { ...(await first.promise), ms: clock.monotonicMs() - begin }
}

function onAnswer(request: ClientRequest, url: string, answered: (answer: Answer) => void): void {
  request.once('error', (error) => answered({ url, error }))
  request.once('response', (response: IncomingMessage) => {
    let text = ''
    response.on('data', (chunk: Buffer) => {
      if (text.length < TEXT_LENGTH) text += chunk.toString('utf8', 0, TEXT_LENGTH)
    })
    const { statusCode: status, headers } = response
    const location = headers.location === undefined ? undefined : URL.parse(headers.location, url)
    response.once('close', () => {
      answered({
        url,
        text,
        ...(status !== undefined && { status }),
        ...(headers['content-type'] !== undefined && { contentType: headers['content-type'] }),
        ...(location && { location: location.origin + location.pathname }),
      })
      // Kept alive for a next export, which there is not.
      ;(request as { agent?: { destroy(): void } }).agent?.destroy()
    })
  })
}

function shownUrl(request: ClientRequest): string {
  const url = new URL(request.path, `${request.protocol}//${String(request.getHeader('host'))}`)
  return url.origin + url.pathname
}

const GRPC_MEND = 'Give the endpoint of OTLP over HTTP (port 4318 of a collector): otel-health does not speak gRPC.'

/** What the answer means. */
function judge(answer: Answer, env: Environment, timeoutMs: number): Finding {
  const { url, status, ms = 0 } = answer
  const variable = endpointVariable(env)
  const place = variable === undefined ? ' (the default)' : ''
  const bad = (what: string, mend: string) => fail('otlp', `${url ?? 'the endpoint'}${place}: ${what}`, mend)
  const grpc = (env['OTEL_EXPORTER_OTLP_METRICS_PROTOCOL'] || env['OTEL_EXPORTER_OTLP_PROTOCOL']) === 'grpc'
  if (status === undefined) return noAnswer(answer, bad, variable, timeoutMs, grpc)
  if (status < 300) {
    if (isPage(answer)) return bad(`answers ${status} with a page for people, not as OTLP`, whereMend(variable))
    if (grpc) {
      return warn(
        'otlp',
        `${url} takes metrics over HTTP (${status}), though the protocol is set to grpc`,
        'Set OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=http/json, so that it says what happens.',
      )
    }
    return ok('otlp', `${url}${place} takes metrics: ${status} within ${Math.ceil(ms)} ms`)
  }
  return refused(answer, status, bad, variable)
}

type Bad = (what: string, mend: string) => Finding

function noAnswer({ url, error }: Answer, bad: Bad, variable: string | undefined, timeoutMs: number, grpc: boolean): Finding {
  const text = errorText(error)
  const { port, hostname } = new URL(url ?? 'http://localhost')
  if (grpc || port === '4317')
    return bad(`does not answer as HTTP (${text}); ${grpc ? 'the protocol is set to grpc' : '4317 is the port of gRPC'}`, GRPC_MEND)
  if (/timed out/i.test(text))
    return bad(`no answer within ${timeoutMs / 1000} s`, 'Look whether the collector is overloaded, or a firewall is in between.')
  if (text === 'ECONNREFUSED') {
    return bad('nobody listens there', `Start the collector, or ${variable ? 'mend' : 'set'} ${variable ?? 'OTEL_EXPORTER_OTLP_ENDPOINT'}.`)
  }
  if (text === 'ENOTFOUND' || text === 'EAI_AGAIN') return bad(`the name ${hostname} has no address`, whereMend(variable))
  if (text.startsWith('HPE_')) return bad('answers, but not as HTTP', GRPC_MEND)
  if (/WRONG_VERSION_NUMBER|EPROTO|PACKET_LENGTH/.test(text))
    return bad('speaks no TLS', `Write http:// instead of https:// in ${variable}.`)
  if (text === 'CERT_HAS_EXPIRED') return bad('its TLS certificate has expired', 'Renew the certificate of the endpoint.')
  if (/ALTNAME/.test(text)) return bad('its TLS certificate is for another name', `Use a name that the certificate has in ${variable}.`)
  if (/SELF_SIGNED|UNABLE_TO_|CERT_/.test(text)) {
    return bad(
      `its TLS certificate is signed by nobody known here (${text})`,
      'Set OTEL_EXPORTER_OTLP_CERTIFICATE to the file with the CA certificate, in PEM, that signed it.',
    )
  }
  if (text === 'ECONNRESET' || text === 'EPIPE') {
    return bad('hangs up without an answer', 'Look at its log; if it expects TLS, write https:// in the endpoint.')
  }
  return bad(`no export is possible (${text})`, whereMend(variable))
}

function refused(answer: Answer, status: number, bad: Bad, variable: string | undefined): Finding {
  const { url = '', location, text = '' } = answer
  if (status < 400) {
    const to = location === undefined ? '' : ` to ${location}`
    return bad(`answers ${status}, a redirect${to}, which exports do not follow`, `Set ${variable} to where it leads.`)
  }
  if (/HTTPS (server|port)|requires? TLS/i.test(text) && url.startsWith('http:')) {
    return bad(`answers ${status}: it expects TLS`, `Write https:// instead of http:// in ${variable}.`)
  }
  if (status === 401 || status === 403) {
    return bad(
      `answers ${status}: the credentials are missing or wrong`,
      'Set OTEL_EXPORTER_OTLP_HEADERS to what it wants, as in authorization=Basic%20….',
    )
  }
  if (status === 404 || status === 405) {
    if (/(\/v1\/metrics){2}$/.test(url)) {
      return bad(`answers ${status}: /v1/metrics is in the path twice`, `Take /v1/metrics out of ${variable}: the exporter adds it.`)
    }
    return bad(`answers ${status}: metrics are not taken at this path`, pathMend(url, variable))
  }
  if (status === 413) return bad('answers 413, even to an export without metrics', 'Raise the size limit of the proxy in front of it.')
  if (status === 415)
    return bad('answers 415: it takes no JSON', 'Send to a collector, which takes OTLP as http/json, and let that pass it on.')
  if (status === 429 || status === 503) {
    return warn(
      'otlp',
      `${url}: answers ${status}, too busy at the moment; exports are tried again`,
      'Look at the memory limit and the queue of the collector.',
    )
  }
  if (status === 502 || status === 504) {
    return bad(
      `answers ${status}: the proxy there does not reach the collector`,
      'Start the collector behind the proxy, or mend the proxy’s address of it.',
    )
  }
  if (status < 500) {
    return warn(
      'otlp',
      `${url}: answers ${status} to an export without metrics`,
      'Look at its log: some receivers refuse what is empty, and take the rest.',
    )
  }
  return bad(`answers ${status}`, 'Look at the log of the endpoint.')
}

function pathMend(url: string, variable: string | undefined): string {
  if (/\/api\/v1\/otlp/.test(url)) return 'Start Prometheus with --web.enable-otlp-receiver.'
  if (variable === 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT') return `Write the whole path in ${variable}, as a rule it ends with /v1/metrics.`
  return `Set OTEL_EXPORTER_OTLP_ENDPOINT to what comes before /v1/metrics, as in http://localhost:4318.`
}

function whereMend(variable: string | undefined): string {
  return `Set ${variable ?? 'OTEL_EXPORTER_OTLP_ENDPOINT'} to a receiver of OTLP over HTTP, as in http://localhost:4318.`
}

function isPage({ contentType = '', text = '' }: Answer): boolean {
  return contentType.includes('text/html') || /^\s*<(!doctype|html)/i.test(text)
}
