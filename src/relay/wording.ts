/** What a delivery says to people. Pure. */
import type { AlertView } from '../wire/alert-view.ts'
import { cleanText } from '../wire/clean-text.ts'
import type { Fields } from '../wire/fields.ts'
import type { Affected, Delivery } from './delivery.ts'
import type { ToldElsewhere } from './told.ts'

/** `CRITICAL fired: anisette_unreachable of tracker_fetcher`. */
export function titleOf({ message }: Delivery): string {
  return cleanText(`${message.severity} ${message.type.replaceAll('_', ' ')}: ${nameOf(message)} of ${message.service}`)
}

/** `low_success_rate queue=hot`: an alert that labels tell from others is called with them. */
export function nameOf({ rule, labels = {} }: Pick<AlertView, 'rule' | 'labels'>): string {
  return [rule, ...Object.entries(labels).map(([name, value]) => `${name}=${value}`)].join(' ')
}

/** A line for each thing that is known. */
export function detailsOf(delivery: Delivery): string {
  const { message, services, told } = delivery
  const lines = [
    cleanText(message.message),
    servicesSentence(services),
    instancesSentence(message),
    toldSentence(told),
    whySentence(message),
    message.runbook === undefined ? undefined : `What to do: ${cleanText(message.runbook)}`,
  ]
  return lines.filter((line) => line !== undefined).join('\n')
}

/** `1 of 45 services`. */
export function servicesText(services: Affected | undefined): string | undefined {
  return services && `${services.affected} of ${services.known} ${services.known === 1 ? 'service' : 'services'}`
}

function servicesSentence(services: Affected | undefined): string | undefined {
  return services && `${servicesText(services)} ${services.affected === 1 ? 'has' : 'have'} open alerts`
}

/** `2 of 3 instances`: those in breach, of those that have said something of the alert and are not gone. */
export function instancesText({
  instances,
  instances_left_out: others = 0,
}: Pick<AlertView, 'instances' | 'instances_left_out'>): string | undefined {
  const all = Object.values(instances)
  const live = all.filter(({ state }) => state !== 'gone')
  if (all.length === 0) return undefined
  const breaching = live.filter((each) => each.breaching).length
  const gone = all.length - live.length
  const counted = `${breaching} of ${live.length} ${live.length === 1 ? 'instance' : 'instances'}`
  return `${counted}${gone > 0 ? `, ${gone} gone` : ''}${others > 0 ? `, ${others} more not counted` : ''}`
}

function instancesSentence(message: AlertView): string | undefined {
  const text = instancesText(message)
  return text && `In breach: ${text}`
}

/** `slack: fired (WARNING) 10:00:05 UTC, escalated (CRITICAL) 10:05:00 UTC; pager: …`. */
export function toldText(told: readonly ToldElsewhere[]): string | undefined {
  if (told.length === 0) return undefined
  return told
    .map(({ target, told: each }) => {
      const words = each.map(({ type, severity, at }) => `${type.replaceAll('_', ' ')} (${severity}) ${timeText(at)}`)
      return cleanText(`${target}: ${words.join(', ')}`)
    })
    .join('; ')
}

function toldSentence(told: readonly ToldElsewhere[]): string | undefined {
  const text = toldText(told)
  return text && `Told before: ${text}`
}

function timeText(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
}

const CAUSES: Readonly<Record<string, string>> = {
  condition: 'the condition changed',
  manual: 'somebody said so',
  rule_removed: 'its rule is no longer there',
  silence: 'a silence began or ended',
  inhibition: 'what may have caused it is over, and it is not',
  flapping: 'it does not come and go any more',
  ack: 'it is not acknowledged any more',
  instance_gone: 'an instance is gone',
  memory_lost: 'Redis had lost its memory; the alert goes on',
}

/** What brought the transition about, and the figures behind the alert. */
export function whyText(message: AlertView): string | undefined {
  const { cause, actor } = message as { cause?: unknown; actor?: unknown }
  const because = typeof cause === 'string' ? (CAUSES[cause] ?? cause) : undefined
  const by = typeof actor === 'string' ? ` (${actor})` : ''
  const parts = [because && `${because}${by}`, figuresText(message.value)].filter((part) => part !== undefined)
  return parts.length === 0 ? undefined : cleanText(parts.join('; '))
}

function whySentence(message: AlertView): string | undefined {
  const text = whyText(message)
  return text && `Why: ${text}`
}

/** `71.4 percent (limit 80), 20 of 70 in 300 s`. */
export function figuresText(value: Fields | null): string | undefined {
  if (value === null || !isPlain(value['current'])) return undefined
  const { current, threshold, unit, n, failures, window_seconds: window } = value
  const limit = isPlain(threshold) ? ` (limit ${threshold})` : ''
  const counts = isPlain(n) && isPlain(failures) ? `, ${failures} of ${n}${isPlain(window) ? ` in ${window} s` : ''}` : ''
  return cleanText(`${current}${typeof unit === 'string' ? ` ${unit}` : ''}${limit}${counts}`)
}

function isPlain(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}
