/** One message of a test to each target, to see whether it gets there. It touches nothing in Redis. */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../types.ts'
import type { AlertMessage } from '../wire/alert-message.ts'
import { toIso } from '../wire/iso-time.ts'
import { nextRecord, posted } from './alertmanager-alerts.ts'
import { deliveryId } from './delivery.ts'
import type { Outcome, Post, PostRequest } from './post.ts'
import type { RelayTarget, WebhookTarget } from './relay-config.ts'
import { webhookRequest } from './send-webhook.ts'
import { namesIn } from './template.ts'

export interface Tried {
  readonly target: string
  readonly ok: boolean
  /** `HTTP 200`, or why not. */
  readonly outcome: string
  /** Milliseconds. */
  readonly took: number
}

/** The alert of the test is over by itself after this long. */
const TEST_LASTS_MS = 60_000

export function tryTargets(targets: readonly RelayTarget[], clock: Clock, post: Post): Promise<readonly Tried[]> {
  return Promise.all(targets.map((target) => tryTarget(target, clock, post)))
}

async function tryTarget(target: RelayTarget, clock: Clock, post: Post): Promise<Tried> {
  const began = clock.monotonicMs()
  const fired = testMessage(clock)
  const requests = target.type === 'webhook' ? webhookRequests(target, fired, clock) : [alertmanagerRequest(target, fired, clock)]
  let outcome: Outcome | undefined
  for (const request of requests) {
    // oxlint-disable-next-line no-await-in-loop
    outcome = await post(request, new AbortController().signal)
    if (outcome.kind !== 'ok') break
  }
  const ok = outcome?.kind === 'ok'
  const said = outcome?.kind === 'ok' ? `HTTP ${outcome.status}` : (outcome?.reason ?? '')
  return { target: target.name, ok, outcome: said, took: Math.round(clock.monotonicMs() - began) }
}

/** Who is told what to do with an incident is told at once that this one is over. */
function webhookRequests(target: WebhookTarget, fired: AlertMessage, clock: Clock): readonly PostRequest[] {
  const resolved: AlertMessage = { ...fired, id: fired.id.replace(/1$/, '2'), seq: 2, rev: 2, type: 'resolved', state: 'resolved' }
  const messages = namesIn(target.template.body).has('action') ? [fired, resolved] : [fired]
  return messages.map((message) =>
    webhookRequest(target, { id: deliveryId(message.epoch, message.id, undefined), message, told: [] }, clock.epochMs()),
  )
}

function alertmanagerRequest(target: Extract<RelayTarget, { type: 'alertmanager' }>, alert: AlertMessage, clock: Clock): PostRequest {
  const { url, headers, timeoutMs, labels } = target
  const now = clock.epochMs()
  const record = nextRecord({ alert, epoch: alert.epoch, told: [], labels, now })!
  const body = JSON.stringify(posted(record, now + TEST_LASTS_MS))
  return { url, headers: { 'content-type': 'application/json', ...headers }, body, timeoutMs }
}

function testMessage(clock: Clock): AlertMessage {
  const now = toIso(clock.epochMs())
  return {
    channel: 'alerts',
    id: `${Math.round(clock.epochMs())}-1`,
    epoch: `test-${randomUUID()}`,
    seq: 1,
    rev: 1,
    type: 'fired',
    deliver: true,
    timestamp: now,
    alert_id: `test-${randomUUID()}`,
    episode: 1,
    service: 'otel-health',
    rule: 'relay_test',
    severity: 'WARNING',
    state: 'firing',
    since: now,
    message: 'This is a test of otel-health relay: nothing is wrong',
    value: null,
    instances: {},
  }
}
