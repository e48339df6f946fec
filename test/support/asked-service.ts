/** A service as it stands in the health Redis: instances that are alive, and what they say may be asked of them. */
import type { Redis } from 'ioredis'

import type { Phase } from '../../src/types.ts'
import { answerRequest } from '../../src/wire/answer-request.ts'
import type { AnswerState, ControlAction, ControlAnswer, ControlRequest } from '../../src/wire/control-request.ts'
import type { ShardNames } from '../../src/wire/names.ts'
import type { PublisherClient } from '../../src/wire/redis-client.ts'
import type { AnswerReply } from '../../src/wire/scripts/answer.ts'
import { signed } from '../../src/wire/signature.ts'
import { encodeStatus } from '../../src/wire/status-message.ts'
import { snapshotOf } from '../wire/fixtures.ts'

export interface AliveInstance {
  readonly service?: string
  readonly instance: string
  /** Left out: it says nothing of being controlled. */
  readonly control?: readonly ControlAction[]
  readonly phase?: Phase
}

/** One that has just beaten. */
export async function isAlive(redis: Redis, names: ShardNames, alive: AliveInstance): Promise<void> {
  const { service = 'mailer', instance, control, phase = 'running' } = alive
  const { json } = encodeStatus(snapshotOf({ service, instance, phase }), 1)
  const message = JSON.stringify({ ...(JSON.parse(json) as object), control })
  await redis.zadd(names.services, Date.now(), service)
  await redis.zadd(names.instances(service), Date.now(), instance)
  await redis.set(names.status(service, instance), names.hmacKey === undefined ? message : signed(names.hmacKey, 'status', message))
}

/** What an instance answers. `process`: by default the only one that it ever had. */
export function says(
  client: PublisherClient,
  names: ShardNames,
  { id, action, service, expires }: ControlRequest,
  instance: string,
  state: AnswerState,
  { process = `of-${instance}`, ...more }: Partial<ControlAnswer> & { readonly process?: string } = {},
): Promise<AnswerReply> {
  const answer: ControlAnswer = { request: id, action, service, instance, state, at: Date.now(), ...more }
  return answerRequest(client, names, answer, { process, expires })
}
