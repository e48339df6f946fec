/** A delivery as a request to a webhook. */
import type { Clock } from '../types.ts'
import type { Delivery } from './delivery.ts'
import type { Outcome, Post, PostRequest } from './post.ts'
import type { WebhookTarget } from './relay-config.ts'
import { webhookHeaders } from './signature.ts'
import { render } from './template.ts'
import { valuesOf } from './templates.ts'

/** Pure. `nowEpochMs`: of this attempt, so that one that is repeated much later by somebody else is seen to be old. */
export function webhookRequest(target: WebhookTarget, delivery: Delivery, nowEpochMs: number): PostRequest {
  const { url, headers, template, values, secrets, timeoutMs } = target
  // A target's own values change none that every template may rely on.
  const body = render(template, { ...values, ...valuesOf(delivery) })
  const signed = webhookHeaders({ id: delivery.id, timestamp: Math.floor(nowEpochMs / 1000), body }, secrets)
  return { url, headers: { 'content-type': template.contentType, ...signed, ...headers }, body, timeoutMs }
}

export interface Sending {
  readonly post: Post
  readonly clock: Clock
  readonly signal: AbortSignal
}

export function sendWebhook(target: WebhookTarget, delivery: Delivery, { post, clock, signal }: Sending): Promise<Outcome> {
  return post(webhookRequest(target, delivery, clock.epochMs()), signal)
}
