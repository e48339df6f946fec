/**
 * What the supervisor and a process that it started say to each other over a unix socket: one JSON object a line. Both ends take what comes
 * for hostile: whatever runs in the service could write to it.
 */
import type { Phase, Status } from '../types.ts'
import type { EndingAction, EndingSignal, InHand, Interrupted, PieceInHand, ProcessState, SpeaksBy, StartedFor } from './supervised.ts'

/** Names the socket to whatever the supervisor starts, through launchers such as npm too. */
export const SUPERVISOR = 'HEALTH_SUPERVISOR'
/** For what the process was started. Whoever reads it takes it away, so that no other process goes by it. */
export const STARTED_FOR = '_OTEL_HEALTH_STARTED_FOR'

export function encodeStartedFor({ request, action, instance }: StartedFor): string {
  return `${request} ${action} ${instance}`
}

export function readStartedFor(text: string = ''): StartedFor | undefined {
  const [request, action, instance] = text.split(' ')
  if (!request || !instance || (action !== 'start' && action !== 'restart')) return undefined
  return { request, action, instance }
}

/** Of these a process says when it has one. */
export const ENDING_SIGNALS: readonly EndingSignal[] = ['SIGTERM', 'SIGINT', 'SIGQUIT']

export function isEndingSignal(signal: unknown): signal is EndingSignal {
  return (ENDING_SIGNALS as readonly unknown[]).includes(signal)
}

export type FromProcess =
  /** It is the service. `inspected`: a debugger may stop it. */
  | { readonly is: 'service'; readonly pid: number; readonly inspected: boolean }
  | { readonly is: 'beat'; readonly state: ProcessState }
  | { readonly is: 'ending'; readonly request: string; readonly action: EndingAction }
  | { readonly is: 'signalled'; readonly signal: EndingSignal }

export type FromSupervisor =
  | { readonly is: 'welcome'; readonly restarts: boolean; readonly interrupted: readonly Interrupted[] }
  | { readonly is: 'drain'; readonly why: string }

/** Longer lines end the connection. Characters. */
const LONGEST_LINE = 65_536
const LONGEST_TEXT = 1024
const LONGEST_NAME = 128
const MOST_PIECES = 20
const MOST_RULES = 50

export function encodeLine(message: FromProcess | FromSupervisor): string {
  return `${JSON.stringify(message)}\n`
}

/** Calls `line` with each whole line; `tooLong` once where one does not end, and nothing after that. */
export function lineReader(line: (text: string) => void, tooLong: () => void): (chunk: string) => void {
  let kept = ''
  let isOver = false
  return (chunk) => {
    if (isOver) return
    const lines = (kept + chunk).split('\n')
    kept = lines.pop()!
    for (const each of lines) if (each.length <= LONGEST_LINE) line(each)
    if (kept.length <= LONGEST_LINE) return
    isOver = true
    tooLong()
  }
}

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(line: string): Fields | undefined {
  try {
    return asFields(JSON.parse(line))
  } catch {
    return undefined
  }
}

function asFields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
}

/** `undefined` for what is none. */
export function readFromProcess(line: string): FromProcess | undefined {
  const fields = fieldsOf(line)
  switch (fields?.['is']) {
    case 'service': {
      const { pid, inspected } = fields
      return isPid(pid) ? { is: 'service', pid, inspected: inspected === true } : undefined
    }
    case 'beat': {
      const state = readState(fields['state'])
      return state && { is: 'beat', state }
    }
    case 'ending': {
      const { request, action } = fields
      if (!isName(request) || !ENDING_ACTIONS.includes(action)) return undefined
      return { is: 'ending', request, action: action as EndingAction }
    }
    case 'signalled': {
      const { signal } = fields
      return isEndingSignal(signal) ? { is: 'signalled', signal } : undefined
    }
    default:
      return undefined
  }
}

/** `undefined` for what is none. */
export function readFromSupervisor(line: string): FromSupervisor | undefined {
  const fields = fieldsOf(line)
  if (fields?.['is'] === 'welcome') {
    const interrupted = listOf(fields['interrupted'], MOST_PIECES).flatMap((each) => {
      const piece = readPiece(each)
      const times = asFields(each)?.['times']
      return piece && isCount(times) ? [{ name: piece.name, ...(piece.id !== undefined && { id: piece.id }), times }] : []
    })
    return { is: 'welcome', restarts: fields['restarts'] === true, interrupted }
  }
  const why = fields?.['why']
  return fields?.['is'] === 'drain' && typeof why === 'string' ? { is: 'drain', why: why.slice(0, LONGEST_TEXT) } : undefined
}

const PHASES: readonly unknown[] = ['starting', 'running', 'paused', 'draining', 'stopped'] satisfies Phase[]
const STATUSES: readonly unknown[] = ['healthy', 'degraded', 'unhealthy'] satisfies Status[]
const ENDING_ACTIONS: readonly unknown[] = ['drain', 'stop', 'restart'] satisfies EndingAction[]
const ACTIONS: readonly unknown[] = ['pause', 'resume', 'drain', 'stop', 'start', 'restart'] satisfies ProcessState['allow'][number][]

function readState(value: unknown): ProcessState | undefined {
  const fields = asFields(value)
  if (!fields) return undefined
  const { service, instance, phase, status, drainLimitSeconds } = fields
  const inHand = readInHand(fields['inHand'])
  if (!isName(service) || !isName(instance) || !PHASES.includes(phase) || !STATUSES.includes(status) || !inHand) return undefined
  if (!isCount(drainLimitSeconds)) return undefined
  const speaksBy = readSpeaksBy(fields['speaksBy'])
  return {
    ...{ service, instance, inHand, drainLimitSeconds, phase: phase as Phase, status: status as Status },
    recover: listOf(fields['recover'], MOST_RULES).flatMap((each) => {
      const { rule, message } = asFields(each) ?? {}
      return isName(rule) && typeof message === 'string' ? [{ rule, message: message.slice(0, LONGEST_TEXT) }] : []
    }),
    allow: listOf(fields['allow'], ACTIONS.length).filter((each) => ACTIONS.includes(each)) as ProcessState['allow'],
    ...(speaksBy && { speaksBy }),
  }
}

function readInHand(value: unknown): InHand | undefined {
  const { count, oldestSeconds, oldest } = asFields(value) ?? {}
  if (!isCount(count) || !isCount(oldestSeconds)) return undefined
  return { count, oldestSeconds, oldest: listOf(oldest, MOST_PIECES).flatMap((each) => readPiece(each) ?? []) }
}

function readPiece(value: unknown): PieceInHand | undefined {
  const { name, id, seconds = 0 } = asFields(value) ?? {}
  if (typeof name !== 'string' || !isCount(seconds)) return undefined
  return { name: name.slice(0, LONGEST_NAME), seconds, ...(typeof id === 'string' && { id: id.slice(0, LONGEST_NAME) }) }
}

/** Whoever uses it finds out whether there is such a Redis. */
function readSpeaksBy(value: unknown): SpeaksBy | undefined {
  const { redis, publishingIntervalSeconds, retentionHours } = asFields(value) ?? {}
  const { host, port } = asFields(redis) ?? {}
  if (typeof host !== 'string' || !isCount(port) || !isCount(publishingIntervalSeconds) || !isCount(retentionHours)) return undefined
  return { redis: redis as SpeaksBy['redis'], publishingIntervalSeconds, retentionHours }
}

function listOf(value: unknown, most: number): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, most) : []
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function isPid(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 1
}
