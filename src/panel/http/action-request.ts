/** What a page sends along with an action, checked before anything is done: types, bounds, and what the action needs. */
import type { Action, ActionRequest } from '../protocol.ts'
import { Refused } from './refused.ts'

type Field = keyof ActionRequest

const MOST_ALERTS = 500
const LONGEST_ID = 200
const LONGEST_WHY = 500
const LONGEST_TEXT = 2000
const DAY_MS = 86_400_000

interface Form {
  readonly needs: readonly Field[]
  readonly may?: readonly Field[]
}

/** Besides `why`, which all need. */
const FORMS: Readonly<Record<Action, Form>> = {
  ack: { needs: ['alerts'], may: ['forMs'] },
  unack: { needs: ['alerts'] },
  resolve: { needs: ['alerts'] },
  note: { needs: ['alerts'] },
  silence: { needs: [], may: ['matcher', 'forMs', 'untilResolved'] },
  unsilence: { needs: ['silence'] },
  extend: { needs: ['silence', 'forMs'] },
  maintenance: { needs: ['matcher', 'forMs'], may: ['every', 'zone'] },
  forget: { needs: ['service'] },
  pause: { needs: ['service', 'forMs'], may: ['instance'] },
  resume: { needs: ['service'], may: ['instance'] },
  drain: { needs: ['service'], may: ['instance', 'name'] },
  stop: { needs: ['service'], may: ['instance', 'name'] },
  start: { needs: ['service'], may: ['instance'] },
  restart: { needs: ['service'], may: ['instance'] },
}

const EXPECTED: Readonly<Record<Field, { readonly is: (value: unknown) => boolean; readonly expected: string }>> = {
  alerts: { is: isAlerts, expected: `a list of 1 to ${MOST_ALERTS} ids of alerts` },
  why: { is: (value) => isText(value, LONGEST_WHY), expected: `a few words, at most ${LONGEST_WHY} characters: they are recorded` },
  forMs: {
    is: (value) => Number.isInteger(value) && (value as number) >= 1000 && (value as number) <= 366 * DAY_MS,
    expected: 'whole milliseconds, between a second and 366 days',
  },
  matcher: { is: (value) => isText(value, LONGEST_TEXT), expected: 'a matcher such as service=fetch*,severity=WARNING' },
  untilResolved: { is: (value) => isText(value, LONGEST_ID), expected: 'the id of an alert' },
  every: { is: (value) => isText(value, 100), expected: 'a time such as "Sun 02:00" or "daily 03:00"' },
  zone: { is: (value) => isText(value, 100), expected: 'a time zone such as Europe/Berlin' },
  silence: { is: (value) => isText(value, LONGEST_ID), expected: 'the id of a silence' },
  service: { is: (value) => isText(value, LONGEST_ID), expected: 'the name of a service' },
  instance: { is: (value) => isText(value, LONGEST_ID), expected: 'the name of an instance' },
  name: { is: (value) => isText(value, LONGEST_ID), expected: 'the name of the service, typed again' },
}

/** Throws a Refused with one sentence that names what is wrong. */
export function actionRequest(action: Action, body: Readonly<Record<string, unknown>>): ActionRequest {
  const { needs, may = [] } = FORMS[action]
  const known = ['why', ...needs, ...may] as readonly string[]
  const unknown = Object.keys(body).find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new Refused(400, `${JSON.stringify(unknown.slice(0, 50))} is nothing that ${action} takes, expected ${known.join(', ')}.`)
  for (const name of known as readonly Field[]) {
    const value = body[name]
    if (value === undefined && may.includes(name)) continue
    const { is, expected } = EXPECTED[name]
    if (!is(value))
      throw new Refused(400, `${name} of ${action} is ${value === undefined ? 'missing' : 'not right'}, expected ${expected}.`)
  }
  if (action === 'silence') checkSilence(body)
  return body as unknown as ActionRequest
}

function checkSilence({ matcher, forMs, untilResolved }: Readonly<Record<string, unknown>>): void {
  const ofMatcher = matcher !== undefined && forMs !== undefined && untilResolved === undefined
  const ofAlert = matcher === undefined && forMs === undefined && untilResolved !== undefined
  if (!ofMatcher && !ofAlert) throw new Refused(400, 'silence takes either matcher and forMs, or untilResolved alone.')
}

function isText(value: unknown, longest: number): boolean {
  return typeof value === 'string' && value.trim() !== '' && value.length <= longest
}

function isAlerts(value: unknown): boolean {
  return Array.isArray(value) && value.length >= 1 && value.length <= MOST_ALERTS && value.every((id) => isText(id, LONGEST_ID))
}
