/** Messages of the health channels as the view needs them. Whatever is not as expected reads as missing; nothing here throws. */

export interface AlertEntry {
  readonly rule: string
  readonly severity: string
  readonly state: string
  /** Epoch milliseconds; NaN if missing. */
  readonly since: number
  readonly message: string
}

export interface StatusMessage {
  readonly kind: 'status'
  readonly status: string
  readonly phase: string
  readonly beat: number
  /** Epoch milliseconds; NaN if missing. */
  readonly since: number
  readonly reasons: readonly string[]
  readonly alerts: readonly AlertEntry[]
}

export type Fields = Readonly<Record<string, unknown>>

export interface MetricsMessage {
  readonly kind: 'metrics'
  readonly metrics: Fields
  readonly evidence: Fields
}

export interface AlertMessage {
  readonly kind: 'alert'
  readonly service: string
  readonly type: string
  readonly rule: string
  readonly severity: string
  readonly message: string
}

export type Message = StatusMessage | MetricsMessage | AlertMessage

/** `undefined` if it is no JSON object. */
export function readMessage(kind: Message['kind'], json: string): Message | undefined {
  let body: Fields
  try {
    body = fields(JSON.parse(json))
  } catch {
    return undefined
  }
  if (kind === 'metrics') return { kind, metrics: fields(body['metrics']), evidence: fields(body['evidence']) }
  if (kind === 'alert') {
    const [service, type, rule, severity, message] = ['service', 'type', 'rule', 'severity', 'message'].map((name) => text(body[name]))
    return { kind, service: service!, type: type!, rule: rule!, severity: severity!, message: message! }
  }
  return {
    kind,
    status: text(body['status']),
    phase: text(body['phase']),
    beat: number(body['beat']) ?? 0,
    since: time(body['since']),
    reasons: list(body['reasons']).map(text),
    alerts: list(body['alerts']).map(fields).map(alertEntry),
  }
}

/** The object's fields; none if it is no object. */
export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function alertEntry(entry: Fields): AlertEntry {
  return {
    rule: text(entry['rule']),
    severity: text(entry['severity']),
    state: text(entry['state']),
    since: time(entry['since']),
    message: text(entry['message']),
  }
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '?'
}

function time(value: unknown): number {
  return Date.parse(text(value))
}
