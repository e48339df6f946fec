import { expect, test } from 'vitest'
import { deliveryId, type Delivery } from '../../src/relay/delivery.ts'
import { namesIn, render, type Json } from '../../src/relay/template.ts'
import { TEMPLATES, VALUE_NAMES, valuesOf } from '../../src/relay/templates.ts'
import { messageOf, type Change } from './transitions.ts'

function deliveryOf(change: Change = {}, more: Partial<Delivery> = {}): Delivery {
  const message = messageOf(change, 41, 'w.1')
  return { id: deliveryId(message.epoch, message.id, undefined), message, services: { affected: 1, known: 45 }, told: [], ...more }
}

function rendered(name: keyof typeof TEMPLATES, delivery: Delivery, values: Record<string, string> = {}): unknown {
  return JSON.parse(render(TEMPLATES[name], { ...values, ...valuesOf(delivery) })) as unknown
}

const TOLD = [{ target: 'pager', told: [{ type: 'fired', severity: 'WARNING' as const, at: '2026-11-29T09:58:00.000Z' }] }]

test('cloudevents: the attributes of CloudEvents 1.0, and the message as its data', () => {
  const delivery = deliveryOf({ type: 'escalated', severity: 'CRITICAL' }, { told: TOLD })
  const { channel: _channel, ...message } = delivery.message
  expect(rendered('cloudevents', delivery)).toEqual({
    specversion: '1.0',
    id: 'w_1-1000041-41',
    source: 'otel-health/tracker_fetcher',
    type: 'com.otel-health.alert.escalated',
    subject: 'a1',
    time: '2026-11-29T10:00:00.000Z',
    datacontenttype: 'application/json',
    data: {
      ...message,
      relay: {
        services: { affected: 1, known: 45 },
        told: TOLD,
        text: {
          services: '1 of 45 services',
          instances: '1 of 1 instance',
          told_before: 'pager: fired (WARNING) 2026-11-29 09:58:00 UTC',
          why: 'the condition changed; 71.4 percent (limit 80), 20 of 70 in 300 s',
        },
      },
    },
  })
})

test('slack: what happened, how far it reaches, who was told what, and why; nobody is called by what a service wrote', () => {
  const message = 'Low <!channel> & more\u001b[2J\u202Eevil'
  expect(rendered('slack', deliveryOf({ message, runbook: 'https://runbooks.example/low' }, { told: TOLD }))).toEqual({
    text: [
      '*WARNING fired: low_success_rate of tracker_fetcher*',
      'Low &lt;!channel&gt; &amp; moreevil',
      '1 of 45 services has open alerts',
      'In breach: 1 of 1 instance',
      'Told before: pager: fired (WARNING) 2026-11-29 09:58:00 UTC',
      'Why: the condition changed; 71.4 percent (limit 80), 20 of 70 in 300 s',
      'What to do: https://runbooks.example/low',
    ].join('\n'),
  })
})

test.for<{ why: string; change: Change; expected: object }>([
  { why: 'a warning', change: {}, expected: { priority: 4, tags: ['warning'] } },
  { why: 'a critical alert', change: { severity: 'CRITICAL' }, expected: { priority: 5, tags: ['rotating_light'] } },
  { why: 'one that is over', change: { severity: 'CRITICAL', type: 'resolved' }, expected: { priority: 3, tags: ['white_check_mark'] } },
  { why: 'what to do about it', change: { runbook: 'https://r.example' }, expected: { click: 'https://r.example' } },
])('ntfy: $why', ({ change, expected }) => {
  const body = rendered('ntfy', deliveryOf(change), { topic: 'alerts' })
  expect(body).toMatchObject({ topic: 'alerts', title: expect.stringContaining('low_success_rate'), ...expected })
  if (!change.runbook) expect(body).not.toHaveProperty('click')
})

test.for<{ type: Change['type']; state?: Change['state']; action: string }>([
  { type: 'fired', action: 'trigger' },
  { type: 'escalated', action: 'trigger' },
  { type: 'acked', action: 'acknowledge' },
  { type: 'unacked', action: 'trigger' },
  { type: 'unknown', state: 'unknown', action: 'trigger' },
  { type: 'resolved', action: 'resolve' },
  { type: 'updated', state: 'resolved', action: 'resolve' },
])('pagerduty: $type is $action, of one incident an alert', ({ type, state, action }) => {
  const change = { type, severity: 'CRITICAL', ...(state && { state }) } as Change
  expect(rendered('pagerduty', deliveryOf(change), { routing_key: 'key' })).toMatchObject({
    routing_key: 'key',
    event_action: action,
    dedup_key: 'a1',
    payload: {
      source: 'tracker_fetcher',
      severity: 'critical',
      timestamp: '2026-11-29T10:00:00.000Z',
      custom_details: { services: '1 of 45 services' },
    },
  })
})

test('pagerduty: a summary of 1024 characters at most, and links only where there is one', () => {
  const body = rendered('pagerduty', deliveryOf({ message: 'x'.repeat(3000) }), { routing_key: 'key' }) as {
    payload: { summary: string }
    links: unknown[]
  }
  expect(body.payload.summary).toHaveLength(1024)
  expect(body.links).toEqual([])
  expect(rendered('pagerduty', deliveryOf({ runbook: 'https://r.example' }), { routing_key: 'key' })).toMatchObject({
    links: [{ href: 'https://r.example', text: 'What to do' }],
  })
})

test.for<{ why: string; body: Json; expected: unknown }>([
  { why: 'a text that is nothing else becomes the value', body: { a: '{{number}}', b: '{{object}}' }, expected: { a: 5, b: { x: 1 } } },
  { why: 'a value among other text', body: { a: 'n={{number}} t={{text}} o={{object}}' }, expected: { a: 'n=5 t="q" o={"x":1}' } },
  { why: 'a field without its value is left out', body: { a: '{{missing}}', b: 'x {{missing}}', c: 1 }, expected: { c: 1 } },
  { why: 'an entry of a list that lacks one is left out', body: [{ a: '{{missing}}', b: 1 }, { b: 2 }], expected: [{ b: 2 }] },
  { why: 'what is no text stays', body: { a: [true, null, 1.5, []] }, expected: { a: [true, null, 1.5, []] } },
  { why: 'a value that looks like a placeholder is not filled in again', body: { a: '{{tricky}}!' }, expected: { a: '{{number}}!' } },
])('a template: $why', ({ body, expected }) => {
  const values = { number: 5, text: '"q"', object: { x: 1 }, tricky: '{{number}}' }
  expect(JSON.parse(render({ body, contentType: '' }, values))).toEqual(expected)
})

test('every value that a template may name is there for every delivery, or known to be missing', () => {
  expect(Object.keys(valuesOf(deliveryOf())).toSorted()).toEqual([...VALUE_NAMES].toSorted())
  const own = Object.values(TEMPLATES).flatMap(({ body }) => [...namesIn(body)])
  expect(own.filter((name) => !(VALUE_NAMES as readonly string[]).includes(name))).toEqual(['topic', 'routing_key'])
})

test.for([
  { instances: {}, expected: undefined },
  { instances: { a: ['firing', true] }, others: 7, expected: '1 of 1 instance, 7 more not counted' },
  { instances: { a: ['firing', true], b: ['recovering', false], c: ['gone', false] }, expected: '1 of 2 instances, 1 gone' },
])('instances in breach: $expected', ({ instances, others, expected }) => {
  const at = '2026-11-29T10:00:00.000Z'
  const entries = Object.entries(instances as Record<string, [string, boolean]>).map(
    ([name, [state, breaching]]) => [name, { state, breaching, severity: 'WARNING', since: at, seen: at }] as const,
  )
  expect(
    valuesOf(deliveryOf({ instances: Object.fromEntries(entries), ...(others && { instances_left_out: others }) } as Change)).instances,
  ).toBe(expected)
})
