/** `otel-health ctl`: asks a service to pause, resume, drain, stop, start or restart, and waits for what becomes of it; or shows what was asked. */
import { systemClock } from '../clock.ts'
import { ControlError } from '../control/control-error.ts'
import type { HealthControl } from '../control/health-control.ts'
import { isOver, type RequestView } from '../control/request-view.ts'
import { cleanJson } from '../wire/clean-text.ts'
import { CONTROL_ACTIONS, desiredBy, isAction, type ControlAction } from '../wire/control-request.ts'
import { toIso } from '../wire/iso-time.ts'
import { MOST_REQUESTS } from '../wire/scripts/request.ts'
import type { Io } from './commands.ts'
import { controlling, lengthOf, saidBy, type ActionOptions } from './control.ts'
import { CommandError, OK, UNHEALTHY, USAGE } from './outcome.ts'
import { desiredData, desiredSentence, endingsOf, progressOf, requestData, resultOf, sayingOf, whomOf } from './request-words.ts'
import { coloured, columns, plain } from './text.ts'

export interface CtlOptions extends ActionOptions {
  readonly expires?: string | undefined
  readonly 'no-wait'?: boolean | undefined
}

const USAGE_LINE = `otel-health ctl <${CONTROL_ACTIONS.join('|')}> <service>[/<instance>] -m <why> [--for 1h] [--expires 60s] [--by <name>]`
const LIST_USAGE = 'otel-health ctl <service>'

/** Requests that are shown. */
const SHOWN = 10
const LOOK_AGAIN_MS = 500
/** Progress of which only the ages change is told so seldom. */
const TOLD_AGAIN_MS = 10_000
/** A request that is not found so often in a row was lost. */
const MOST_MISSES = 5

export async function ctl(io: Io, given: string | undefined, whom: string | undefined, options: CtlOptions): Promise<number> {
  if (given === undefined) throw new CommandError(USAGE, `Which service? Usage: ${USAGE_LINE}, or ${LIST_USAGE} for what was asked of it`)
  if (!isAction(given)) {
    if (whom === undefined) return list(io, given)
    throw new CommandError(USAGE, `${JSON.stringify(given)} cannot be asked of a service. Usage: ${USAGE_LINE}`)
  }
  if (whom === undefined) throw new CommandError(USAGE, `Which service is to ${given}? Usage: ${USAGE_LINE}`)
  return ask(io, given, whom, options)
}

async function ask(io: Io, action: ControlAction, whom: string, options: CtlOptions): Promise<number> {
  const said = saidBy(io, options, USAGE_LINE)
  const forMs = options.for === undefined ? undefined : lengthOf(options.for, '--for')
  const expiresInMs = options.expires === undefined ? undefined : lengthOf(options.expires, '--expires')
  const [service = '', ...instance] = whom.split('/')
  const meant = { service, ...(instance.length > 0 && { instance: instance.join('/') }) }
  return controlling(
    io,
    async (control) => {
      const asked = await control.request(action, meant, { ...said, forMs, expiresInMs }).catch((error: unknown) => {
        if (isLostOnTheWay(error)) io.talk(plain(`Whether it was asked is not known: otel-health ctl ${service} shows it.`))
        throw error
      })
      if (options['no-wait']) {
        tell(io, asked, askedSentence(asked))
        return OK
      }
      const ended = await waitFor(io, control, asked)
      tell(io, ended, resultOf(ended))
      if (ended.state === 'done') return OK
      tellWhatStays(io, ended)
      return UNHEALTHY
    },
    { reconnect: true },
  )
}

/** Not what we or the server said. */
function isLostOnTheWay(error: unknown): boolean {
  return error instanceof Error && !(error instanceof ControlError) && error.name !== 'ReplyError'
}

/** Until it is over for every instance, or the command is to end. Redis may be away meanwhile. */
async function waitFor(io: Io, control: HealthControl, asked: RequestView): Promise<RequestView> {
  let view = asked
  let misses = 0
  let isAway = false
  let toldAt = -Infinity
  let told = ''
  const progress = (): void => {
    const now = systemClock.monotonicMs()
    const counts = countsOf(view)
    if (counts === told && now - toldAt < TOLD_AGAIN_MS) return
    told = counts
    toldAt = now
    io.talk(plain(progressOf(view)))
  }
  while (!isOver(view.state)) {
    progress()
    await pause(io.signal, LOOK_AGAIN_MS)
    if (io.signal.aborted) {
      io.talk(plain(`Not waited for any longer: it goes on, and otel-health ctl ${asked.request.service} shows it.`))
      return view
    }
    const found = await find(control, asked).catch(() => undefined)
    if (found === undefined && !isAway) io.talk('The health Redis does not answer; what becomes of it is looked for when it does.')
    isAway = found === undefined
    misses = found ? 0 : misses + (found === null ? 1 : 0)
    if (misses >= MOST_MISSES)
      throw new CommandError(UNHEALTHY, 'The health Redis has lost its memory: whether the request was carried out is not known.')
    if (found) view = found
  }
  return view
}

/** `null`: it is not among those that are kept. */
async function find(control: HealthControl, { request }: RequestView): Promise<RequestView | null> {
  for (const count of [SHOWN, MOST_REQUESTS]) {
    const found = (await control.requests(request.service, count)).find((view) => view.request.id === request.id)
    if (found) return found
  }
  return null
}

/** What changes when something happens, and not by itself. */
function countsOf({ byInstance }: RequestView): string {
  return byInstance.map(({ state, answer }) => `${state} ${answer?.inHand ?? ''}`).join()
}

function pause(signal: AbortSignal, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = systemClock.after(ms, resolve)
  const end = (): void => {
    cancel()
    resolve()
  }
  if (signal.aborted) end()
  signal.addEventListener('abort', end, { once: true })
  return promise.finally(() => signal.removeEventListener('abort', end))
}

function askedSentence({ request, instances }: RequestView): string {
  const many = instances.length === 1 ? '1 instance is' : `${instances.length} instances are`
  return `${many} asked to ${request.action}; who has not begun by ${toIso(request.expires)} never does. otel-health ctl ${request.service} shows what becomes of it.`
}

function tell(io: Io, view: RequestView, sentence: string): void {
  if (io.json) return io.out(cleanJson(requestData(view)))
  io.out(plain(sentence))
  for (const line of instanceTable(view, '  ', io.width?.())) io.out(line)
}

/** What people want does not change because somebody refused it. */
function tellWhatStays(io: Io, { request }: RequestView): void {
  const desired = desiredBy(request.action)
  if (desired === undefined || desired === 'none') return
  io.talk(plain(`${whomOf(request)} is still to be ${desired}: otel-health ctl resume ${whomOf(request)} -m <why> takes that back.`))
}

function instanceTable({ byInstance }: RequestView, indent: string, width: number | undefined): string[] {
  return columns(
    byInstance.map((each) => [each.instance, each.state, sayingOf(each)].map(plain)),
    indent,
    width,
  )
}

function list(io: Io, service: string): Promise<number> {
  return controlling(io, async (control) => {
    const [desired, requests] = await Promise.all([control.desired(service), control.requests(service, SHOWN)])
    if (io.json) {
      io.out(cleanJson({ service, desired: desired.map(desiredData), requests: requests.map(requestData) }))
      return OK
    }
    for (const each of desired) io.out(plain(`${desiredSentence(each)}.`))
    if (requests.length === 0) io.out(plain(`Nothing was asked of ${service}.`))
    else for (const line of requestTable(requests, io.width?.())) io.out(line)
    return OK
  })
}

function requestTable(requests: readonly RequestView[], width: number | undefined): string[] {
  const header = ['ASKED', 'WHAT', 'STATE', 'BY', 'COMES TO'].map((title) => coloured('dim', title))
  const rows = requests.map((view) => {
    const { at, action, actor, why } = view.request
    return [
      toIso(at),
      `${action} ${whomOf(view.request)}`,
      view.state,
      actor,
      [`${progressOf(view)}: ${why}`, ...endingsOf(view)].join('; '),
    ].map(plain)
  })
  return columns([header, ...rows], '', width)
}
