/** How what was asked of a service is told at a terminal, and as data. Pure. */
import type { DesiredView, InstanceOfRequest, RequestState, RequestView } from '../control/request-view.ts'
import { duration } from '../subscribe/duration.ts'
import type { ControlAction, ControlRequest } from '../wire/control-request.ts'
import { toIso } from '../wire/iso-time.ts'

/** What an instance is that has done it. */
const DONE: Readonly<Record<ControlAction, string>> = {
  pause: 'paused',
  resume: 'resumed',
  drain: 'drained',
  stop: 'stopped',
  start: 'started',
  restart: 'restarted',
}

/** `mailer`, or `mailer/i1`. */
export function whomOf({ service, instance }: Pick<ControlRequest, 'service' | 'instance'>): string {
  return instance === null ? service : `${service}/${instance}`
}

/** `2 of 3 drained, 1 refused, 4 pieces of work in hand, the oldest 12 s`. */
export function progressOf({ request, byInstance }: RequestView): string {
  const count = (state: InstanceOfRequest['state']) => byInstance.filter((each) => each.state === state).length
  const answers = byInstance.flatMap(({ state, answer }) => (state === 'under way' && answer ? [answer] : []))
  const inHand = sumOf(answers.map((answer) => answer.inHand))
  const oldest = Math.max(0, ...answers.map((answer) => answer.oldestSeconds ?? 0))
  const others = (['failed', 'refused', 'expired'] as const).flatMap((state) => (count(state) > 0 ? [`${count(state)} ${state}`] : []))
  const waits = count('waiting') > 0 ? [`${count('waiting')} ${count('waiting') === 1 ? 'has' : 'have'} not answered yet`] : []
  const work =
    inHand === undefined || inHand === 0
      ? []
      : [`${inHand} ${inHand === 1 ? 'piece' : 'pieces'} of work in hand, the oldest ${duration(oldest * 1000)}`]
  return [`${count('done')} of ${byInstance.length} ${DONE[request.action]}`, ...others, ...waits, ...work].join(', ')
}

/** `undefined` where none of them is known. */
function sumOf(numbers: readonly (number | undefined)[]): number | undefined {
  const known = numbers.filter((number) => number !== undefined)
  return known.length === 0 ? undefined : known.reduce((sum, number) => sum + number, 0)
}

/** How a pause ended by itself, as its instances say it: each sentence once. */
export function endingsOf({ answers }: Pick<RequestView, 'answers'>): readonly string[] {
  return [...new Set(answers.flatMap(({ state, reason }) => (state === 'ended' && reason !== undefined ? [reason] : [])))]
}

/** What one instance has come to. */
export function sayingOf({ state, reason, answer }: InstanceOfRequest): string {
  const waits = state === 'expired' ? 'It did not begin in time, and will not.' : ''
  const { inHand, oldestSeconds = 0 } = answer ?? {}
  const work = state === 'under way' && inHand ? `${inHand} in hand, the oldest ${duration(oldestSeconds * 1000)}` : ''
  return [work, reason ?? waits].filter((words) => words !== '').join('; ')
}

const STANDS: Readonly<Record<RequestState, string>> = {
  waiting: 'waits',
  'under way': 'is under way',
  done: 'is done',
  failed: 'has failed',
  refused: 'was refused',
  expired: 'has expired',
}

/** Of the whole of a request: `The drain of mailer is done: 3 of 3 drained.` */
export function resultOf(view: RequestView): string {
  return `The ${view.request.action} of ${whomOf(view.request)} ${STANDS[view.state]}: ${progressOf(view)}.`
}

/** As data; times: ISO 8601. */
export function requestData({ request, state, byInstance, answers }: RequestView): object {
  const { id, action, service, instance, actor, from, why, at, expires, until } = request
  const endings = new Map(answers.flatMap((each) => (each.state === 'ended' ? [[each.instance, each.reason ?? '']] : [])))
  return {
    ...{ request: id, action, service, instance, by: actor, from, why },
    ...{ at: toIso(at), expires: toIso(expires), until: until === null ? null : toIso(until), state },
    instances: byInstance.map((each) => ({
      ...{ instance: each.instance, state: each.state, reason: each.reason },
      ...{ in_hand: each.answer?.inHand ?? null, oldest_seconds: each.answer?.oldestSeconds ?? null },
      ...(endings.has(each.instance) && { ended: endings.get(each.instance) }),
    })),
  }
}

export function desiredData({ instance, state, request }: DesiredView): object {
  const { id, actor, why, at, until } = request
  return { instance, state, request: id, by: actor, why, at: toIso(at), until: until === null ? null : toIso(until) }
}

/** `All of mailer are to be paused until 2026-12-01T12:00:00.000Z, says ann: a larger disk`. */
export function desiredSentence({ instance, state, request }: DesiredView): string {
  const { service, actor, why, until } = request
  const whom = instance === null ? `All of ${service} are` : `${service}/${instance} is`
  return `${whom} to be ${state}${until === null ? '' : ` until ${toIso(until)}`}, says ${actor}: ${why}`
}
