/** Which alerts a silence is about: `service=fetch*,severity=WARNING,label.check=redis`. Pure. */
import type { Attributes, Severity } from '../types.ts'

/** A name, and the texts between which anything may stand: one text is meant exactly. */
export type Match = readonly [name: string, ...pieces: string[]]

export interface Matcher {
  /** As it was given. */
  readonly text: string
  /** All must hold; none: every alert. */
  readonly match: readonly Match[]
}

/** What of an alert is matched. */
export interface Matched {
  readonly service: string
  readonly rule: string
  readonly severity: Severity
  readonly labels?: Attributes | undefined
  readonly alert_id: string
  readonly episode: number
}

/** What is no label. */
const OWN: ReadonlySet<string> = new Set(['service', 'rule', 'severity', 'alert', 'episode'])

const MOST_PARTS = 10
const MOST_STARS = 10
const LONGEST = 500
const NAME = /^[A-Za-z_][\w.-]*$/
const EXAMPLE = 'such as service=fetch*,severity=WARNING or label.check=redis'

/**
 * Reads `name=value`, several of them with commas between: service, rule, severity, alert (its id), episode, or the name of a label, which may
 * have `label.` before it. In a value `*` stands for anything, and `\` takes a sign as it is: `\*`, `\,`. One `*` alone is every alert. Throws one sentence.
 */
export function parseMatcher(text: string): Matcher {
  const given = JSON.stringify(text)
  if (text.trim() === '') throw new Error(`The matcher is empty, expected names and values ${EXAMPLE}; * alone is every alert.`)
  if (text.length > LONGEST)
    throw new Error(`The matcher has ${text.length} characters, expected at most ${LONGEST}: use * for what differs.`)
  if (text.trim() === '*') return { text: '*', match: [] }
  const parts = splitAt(text, ',')
  if (parts.length > MOST_PARTS) throw new Error(`The matcher ${given} has ${parts.length} parts, expected at most ${MOST_PARTS}.`)
  const match = parts.map((part) => parsePart(part.trim(), given))
  const names = match.map(([name]) => name)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) throw new Error(`The matcher ${given} has ${twice} twice, expected each name once: use * for several values.`)
  return { text: parts.map((part) => part.trim()).join(','), match }
}

function parsePart(part: string, given: string): Match {
  const equals = part.indexOf('=')
  const [said, value] = equals < 0 ? [part, ''] : [part.slice(0, equals).trim(), part.slice(equals + 1).trim()]
  if (equals < 0 || !NAME.test(said) || value === '') {
    throw new Error(`The matcher ${given} has ${JSON.stringify(part)}, expected name=value, ${EXAMPLE}; * alone is every alert.`)
  }
  const name = OWN.has(said) || said.startsWith('label.') ? said : `label.${said}`
  const [first = '', ...others] = splitAt(value, '*').map((piece) => piece.replaceAll(/\\(.)/g, '$1'))
  if (others.length > MOST_STARS)
    throw new Error(`The matcher ${given} has ${others.length} times * in one value, expected at most ${MOST_STARS}.`)
  const match: Match = [name, first, ...others]
  if (name === 'severity' && !fits('WARNING', match) && !fits('CRITICAL', match)) {
    throw new Error(`The matcher ${given} has the severity ${JSON.stringify(value)}, expected WARNING or CRITICAL.`)
  }
  return match
}

/** A sign that has a `\` before it divides nothing. */
function splitAt(text: string, sign: string): string[] {
  const parts = ['']
  for (let i = 0; i < text.length; i++) {
    const isTaken = text[i] === '\\' && i + 1 < text.length
    if (!isTaken && text[i] === sign) parts.push('')
    else parts[parts.length - 1] += isTaken ? text[i]! + text[++i]! : text[i]!
  }
  return parts
}

/** One episode of an alert. */
export interface Episode {
  readonly alertId: string
  readonly episode: number
}

/** The matcher of one episode of an alert, and of nothing else. */
export function matcherOfEpisode({ alertId, episode }: Episode): string {
  return `alert=${alertId},episode=${episode}`
}

/** Of a matcher that names an alert and its episode: it can match nothing any more when that is over. */
export function episodeNamedBy({ match }: Pick<Matcher, 'match'>): Episode | undefined {
  const named = (name: string) => match.find((each) => each[0] === name && each.length === 2)?.[1]
  const [alertId, episode] = [named('alert'), Number(named('episode'))]
  return alertId !== undefined && Number.isSafeInteger(episode) ? { alertId, episode } : undefined
}

/** An alert without a label has the empty text for it. */
export function matches({ match }: Pick<Matcher, 'match'>, alert: Matched): boolean {
  return match.every((each) => fits(textOf(each[0], alert), each))
}

function textOf(name: string, { service, rule, severity, labels = {}, alert_id: id, episode }: Matched): string {
  if (name === 'service') return service
  if (name === 'rule') return rule
  if (name === 'severity') return severity
  if (name === 'alert') return id
  if (name === 'episode') return String(episode)
  const label = name.slice('label.'.length)
  return Object.hasOwn(labels, label) ? labels[label]! : ''
}

/** From left to right, each piece as early as it can be. */
function fits(text: string, [, first = '', ...others]: Match): boolean {
  const last = others.pop()
  if (last === undefined) return text === first
  if (!text.startsWith(first)) return false
  let from = first.length
  for (const piece of others) {
    const at = text.indexOf(piece, from)
    if (at < 0) return false
    from = at + piece.length
  }
  return text.length - last.length >= from && text.endsWith(last)
}
