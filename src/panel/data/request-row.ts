/** A request as it is shown, with what became of it. What is in Redis may be written by anybody: it is cleaned and bounded. Pure. */
import { isOver, type DesiredView, type InstanceOfRequest, type RequestState, type RequestView } from '../../control/request-view.ts'
import { cleanText } from '../../wire/clean-text.ts'
import type { AskedInstance, DesiredRow, RequestRow } from '../control-protocol.ts'

const MOST_ASKED = 50
const LONGEST = 500

/** Those that a reader must know of come first where there are too many. */
const MATTERS_MOST: readonly RequestState[] = ['failed', 'refused', 'expired', 'waiting', 'under way', 'done']

export function requestRow({ request, answers, state, byInstance }: RequestView): RequestRow {
  const { id, action, instance, actor, from, why, at, expires, until } = request
  const endings = new Map(answers.flatMap((answer) => (answer.state === 'ended' ? [[answer.instance, answer.reason] as const] : [])))
  const all = byInstance.map((each) => askedInstance(each, endings.get(each.instance))).toSorted(byName)
  const shown = all.length <= MOST_ASKED ? all : all.toSorted(byState).slice(0, MOST_ASKED)
  return {
    ...{ id: shortText(id), action, instance: instance === null ? null : shortText(instance) },
    ...{ by: shortText(actor), from: shortText(from), why: shortText(why), at, expires },
    ...(until !== null && { until }),
    ...{ state, asked: shown },
    ...(all.length > shown.length && { askedLeftOut: all.length - shown.length }),
    ...(isOver(state) && {
      endedAt: byInstance.length === 0 ? expires : Math.max(...byInstance.map((each) => each.answer?.at ?? expires)),
    }),
  }
}

export function desiredRow({ instance, state, request: { actor, why, at, until } }: DesiredView): DesiredRow {
  return {
    ...{ instance: instance === null ? null : shortText(instance), state, by: shortText(actor), why: shortText(why), at },
    ...(until !== null && { until }),
  }
}

/** `ending`: why what was done is over again. */
function askedInstance({ instance, state, reason: outcome, answer }: InstanceOfRequest, ending: string | undefined): AskedInstance {
  const reason = ending ?? outcome
  return {
    ...{ instance: shortText(instance), state },
    ...(answer && { at: answer.at }),
    ...(reason !== null && { reason: shortText(reason) }),
    ...(answer?.inHand !== undefined && { inHand: answer.inHand }),
    ...(answer?.oldestSeconds !== undefined && { oldestSeconds: answer.oldestSeconds }),
  }
}

function byName(a: AskedInstance, b: AskedInstance): number {
  return a.instance < b.instance ? -1 : 1
}

function byState(a: AskedInstance, b: AskedInstance): number {
  return MATTERS_MOST.indexOf(a.state) - MATTERS_MOST.indexOf(b.state)
}

function shortText(text: string): string {
  const clean = cleanText(text)
  return clean.length <= LONGEST ? clean : `${clean.slice(0, LONGEST - 1)}…`
}
