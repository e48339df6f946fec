/** The side of those who are asked: what a request came to. */
import { encodeAnswer, type ControlAnswer } from './control-request.ts'
import { toInstanceName, type ShardNames } from './names.ts'
import type { PublisherClient } from './redis-client.ts'
import { answerKeys, type AnswerReply } from './scripts/answer.ts'

/** What of a connection it takes. */
export type AnswerClient = Pick<PublisherClient, 'healthAnswer'>

/** Of which process an answer is. */
export interface Answering {
  /** A name that no other process has, without white space, 64 characters at most: it tells who took a request. */
  readonly process: string
  /** Until when the request may be begun with; epoch milliseconds of the server, whose clock decides. */
  readonly expires: number
}

/**
 * Writes what became of a request, once: asked again because an answer was lost, it says the same. `accepted` comes first and takes the
 * request: only who hears `ours` may carry it out. `taken`: another process has it or it is over; `late`: nobody may begin with it any more.
 * Nothing is written then. Rejects with the error of the server or the connection: whether it is written is not known then, ask again.
 */
export function answerRequest(
  client: AnswerClient,
  names: ShardNames,
  answer: ControlAnswer,
  { process, expires }: Answering,
): Promise<AnswerReply> {
  const { service, request, state } = answer
  const instance = toInstanceName(answer.instance)
  return client.healthAnswer(
    ...answerKeys(names, service, request),
    ...[encodeAnswer({ ...answer, instance }, names.hmacKey), instance, state, process, String(expires)],
  )
}

/** What stands at a place in the stream, and may not be carried out: it is forged, came again, or cannot be read. */
export interface Unfit {
  readonly service: string
  readonly instance: string
  /** Place in the stream of requests. */
  readonly position: string
  /** One sentence. */
  readonly reason: string
  /** Epoch milliseconds of the server. */
  readonly at: number
}

/** Records that it was refused, without a word about the request whose id it bears: that one may be another's, and under way. */
export function refuseUnfit(client: AnswerClient, names: ShardNames, unfit: Unfit, process: string): Promise<AnswerReply> {
  const { service, instance, position, reason, at } = unfit
  const answer: ControlAnswer = { request: position, action: null, service, instance, state: 'refused', at, reason }
  return answerRequest(client, names, answer, { process, expires: at })
}
