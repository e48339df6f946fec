/** The last status message of a process that ended without one: what it said last, with how it ended and what happens next. */
import { exitWords } from '../supervise/evidence.ts'
import type { Death } from '../supervise/report.ts'
import { encodeMessage } from '../wire/bounded-json.ts'
import { parseFields } from '../wire/fields.ts'
import { toIso } from '../wire/iso-time.ts'
import { parseStatus } from '../wire/message.ts'
import { signed } from '../wire/signature.ts'
import type { Speaker } from './speaker.ts'

/** `kept`: the text of its last message, if there is one; what is not its own is not believed. `now`: epoch milliseconds. */
export function deathMessage({ service, instance, names: { hmacKey } }: Speaker, death: Death, kept: string | null, now: number): string {
  const last = kept === null ? undefined : parseStatus(service, kept, hmacKey)
  const { hmac: _hmac, rules: _rules, ...said } = last && kept !== null && last.instance === instance ? (parseFields(kept) ?? {}) : {}
  const { json } = encodeMessage({
    ...{ v: 1, service, instance, checks: {}, metrics: {}, ...said },
    ...{ beat: (last?.beat ?? 0) + 1, timestamp: toIso(now), status: 'unhealthy', instance_status: 'unhealthy', phase: 'stopped' },
    ...{ since: toIso(death.at), uptime_seconds: death.uptimeSeconds, reasons: [deathSentence(death)], alerts: [] },
    ...{ exit: death.exit, next: death.next },
  })
  return hmacKey === undefined ? json : signed(hmacKey, 'status', json)
}

function deathSentence({ exit, next }: Pick<Death, 'exit' | 'next'>): string {
  return `It ${exitWords(exit)}, and ${next}`
}
