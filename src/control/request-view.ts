/** How what was asked of a service stands, of the request and what was answered. Pure. */
import { LOST_AFTER_MS, type ControlAnswer, type ControlRequest, type DesiredState } from '../wire/control-request.ts'

/** `waiting`: nothing was said of it yet. `expired`: nobody began with it in time, and nobody will. */
export type RequestState = 'waiting' | 'under way' | 'done' | 'failed' | 'refused' | 'expired'

/** One of those who were asked. */
export interface InstanceOfRequest {
  readonly instance: string
  readonly state: RequestState
  /** One sentence: why it is refused or failed, or what was done; `null` where nothing is said. */
  readonly reason: string | null
  /** The last of it; `null`: none yet. */
  readonly answer: ControlAnswer | null
}

export interface RequestView {
  readonly request: ControlRequest
  /** Who was asked, as it was found when it was written. */
  readonly instances: readonly string[]
  /** In the order in which they came; of what an instance says while it goes on the first and the last. */
  readonly answers: readonly ControlAnswer[]
  /** Of all together: `done` only where every instance has done it. */
  readonly state: RequestState
  /** Who was asked, and who did something though it was not among them; that somebody else refuses it means nothing. */
  readonly byInstance: readonly InstanceOfRequest[]
}

export interface DesiredView {
  /** `null`: all of them. */
  readonly instance: string | null
  readonly state: DesiredState
  /** Who wants it, why, and until when. */
  readonly request: ControlRequest
}

export function isOver(state: RequestState): boolean {
  return state !== 'waiting' && state !== 'under way'
}

/** `answers`: of this request, in the order in which they came, with the server's time of each. `now`: epoch milliseconds of the server. */
export function viewOfRequest(
  request: ControlRequest,
  instances: readonly string[],
  answers: readonly ControlAnswer[],
  now: number,
): RequestView {
  const others = answers.filter(({ state }) => state !== 'refused').map(({ instance }) => instance)
  const names = [...new Set([...instances, ...others])]
  const byInstance = names.map((instance) =>
    standing(
      request,
      instance,
      answers.filter((answer) => answer.instance === instance),
      now,
    ),
  )
  const isOfNobody = byInstance.length === 0 && now > request.expires
  return { request, instances, answers, state: isOfNobody ? 'expired' : together(byInstance.map(({ state }) => state)), byInstance }
}

/** `waiting` where it was not asked. */
export function stateOf(view: RequestView, instance: string): RequestState {
  return view.byInstance.find((each) => each.instance === instance)?.state ?? 'waiting'
}

function standing({ expires }: ControlRequest, instance: string, answers: readonly ControlAnswer[], now: number): InstanceOfRequest {
  const answer = answers.find(isFinal) ?? answers.at(-1) ?? null
  const reason = answer?.reason ?? null
  if (!answer) return { instance, state: now > expires ? 'expired' : 'waiting', reason, answer }
  if (isFinal(answer)) return { instance, state: answer.state, reason, answer }
  if (now - answer.at <= LOST_AFTER_MS) return { instance, state: 'under way', reason, answer }
  return { instance, state: 'failed', reason: `It began, and nothing was heard of it for ${LOST_AFTER_MS / 60_000} min.`, answer }
}

function isFinal(answer: ControlAnswer): answer is ControlAnswer & { readonly state: 'done' | 'failed' | 'refused' } {
  return answer.state !== 'accepted' && answer.state !== 'ended'
}

/** What is worst comes first once all is over. */
const WORST_FIRST: readonly RequestState[] = ['failed', 'refused', 'expired']

function together(states: readonly RequestState[]): RequestState {
  if (states.every((state) => state === 'waiting')) return 'waiting'
  if (states.some((state) => !isOver(state))) return 'under way'
  return WORST_FIRST.find((state) => states.includes(state)) ?? 'done'
}
