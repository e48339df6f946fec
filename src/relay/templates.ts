/** The templates that there are, and the values they may name. */
import { isOpen } from '../judge/alert.ts'
import type { AlertMessage } from '../wire/alert-message.ts'
import { cleanText } from '../wire/clean-text.ts'
import { severityWord, type Delivery } from './delivery.ts'
import type { Json, Template, TemplateValues } from './template.ts'
import { detailsOf, figuresText, instancesText, nameOf, servicesText, titleOf, toldText, whyText } from './wording.ts'

/** CloudEvents 1.0, JSON in structured mode (cloudevents/spec, "JSON Event Format"). */
const CLOUDEVENTS: Template = {
  contentType: 'application/cloudevents+json; charset=utf-8',
  body: {
    specversion: '1.0',
    id: '{{id}}',
    source: 'otel-health/{{service}}',
    type: 'com.otel-health.alert.{{type}}',
    subject: '{{alert_id}}',
    time: '{{timestamp}}',
    datacontenttype: 'application/json',
    data: '{{data}}',
  },
}

const JSON_TYPE = 'application/json; charset=utf-8'

/** An incoming webhook of Slack; Mattermost and Rocket.Chat take the same. */
const SLACK: Template = { contentType: JSON_TYPE, escape: 'slack', body: { text: '*{{title}}*\n{{details}}' } }

/** docs.ntfy.sh, "Publish as JSON": to the address of the server, with the topic in the body. */
const NTFY: Template = {
  contentType: JSON_TYPE,
  body: {
    topic: '{{topic}}',
    title: '{{title}}',
    message: '{{details}}',
    priority: '{{urgency}}',
    tags: ['{{emoji}}'],
    click: '{{runbook}}',
  },
}

/** PagerDuty's Events API v2: one incident an alert, whatever happens to it. */
const PAGERDUTY: Template = {
  contentType: JSON_TYPE,
  body: {
    routing_key: '{{routing_key}}',
    event_action: '{{action}}',
    dedup_key: '{{alert_id}}',
    client: 'otel-health',
    payload: {
      summary: '{{summary}}',
      source: '{{service}}',
      severity: '{{severity_word}}',
      timestamp: '{{timestamp}}',
      component: '{{service}}',
      class: '{{rule}}',
      custom_details: { services: '{{services}}', instances: '{{instances}}', told_before: '{{told_before}}', why: '{{why}}' },
    },
    links: [{ href: '{{runbook}}', text: 'What to do' }],
  },
}

export const TEMPLATES = { cloudevents: CLOUDEVENTS, slack: SLACK, ntfy: NTFY, pagerduty: PAGERDUTY } as const

/** Names of the values of every delivery; a template may name those of its target besides. */
export const VALUE_NAMES = [
  ...['id', 'type', 'action', 'alert_id', 'name', 'service', 'rule', 'severity', 'severity_word', 'state', 'since', 'timestamp'],
  ...[
    'message',
    'runbook',
    'title',
    'details',
    'summary',
    'services',
    'instances',
    'told_before',
    'why',
    'figures',
    'urgency',
    'emoji',
    'data',
  ],
] as const

/** PagerDuty refuses a summary that is longer. */
const LONGEST_SUMMARY = 1024

export function valuesOf(delivery: Delivery): Readonly<Record<(typeof VALUE_NAMES)[number], Json | undefined>> {
  const { message } = delivery
  const text = {
    services: servicesText(delivery.services),
    instances: instancesText(message),
    told_before: toldText(delivery.told),
    why: whyText(message),
  }
  const title = titleOf(delivery)
  return {
    ...text,
    id: delivery.id,
    type: message.type,
    action: actionOf(message),
    alert_id: message.alert_id,
    name: cleanText(nameOf(message)),
    service: message.service,
    rule: cleanText(message.rule),
    severity: message.severity,
    severity_word: severityWord(message.severity),
    state: message.state,
    since: message.since,
    timestamp: message.timestamp,
    message: cleanText(message.message),
    runbook: message.runbook === undefined ? undefined : cleanText(message.runbook),
    title,
    details: detailsOf(delivery),
    summary: `${title}: ${cleanText(message.message)}`.slice(0, LONGEST_SUMMARY).toWellFormed(),
    figures: figuresText(message.value),
    urgency: urgencyOf(message),
    emoji: emojiOf(message),
    data: dataOf(delivery, text),
  }
}

/** The message as it was in the channel, and what the relay adds. */
function dataOf({ message, services, told }: Delivery, text: TemplateValues): Json {
  const { channel: _channel, ...fields } = message
  return { ...fields, relay: { services: services ?? null, told, text } } as unknown as Json
}

function actionOf({ type, state }: AlertMessage): 'trigger' | 'acknowledge' | 'resolve' {
  if (state === 'resolved') return 'resolve'
  return type === 'acked' ? 'acknowledge' : 'trigger'
}

/** From 1 to 5, as ntfy has it: what nobody need do anything about is 3. */
function urgencyOf(message: AlertMessage): number {
  if (!isOpen(message) || message.type === 'acked') return 3
  return message.severity === 'CRITICAL' ? 5 : 4
}

function emojiOf(message: AlertMessage): string {
  if (!isOpen(message)) return 'white_check_mark'
  return message.severity === 'CRITICAL' ? 'rotating_light' : 'warning'
}
