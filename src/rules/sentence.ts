/** What people are told: a sentence with places for figures. */
import { amount, decimal, duration, grouped } from '../judge/wording.ts'
import type { ShownUnit } from './unit.ts'

export interface Facts {
  readonly current: number | string
  readonly limit: number | string | undefined
  readonly unit: ShownUnit
  readonly n?: number | undefined
  /** Those of `n` that the figure is the share of. */
  readonly count?: number | undefined
  /** Those of `n` that are as they should not be. */
  readonly failures?: number | undefined
  readonly windowSeconds?: number | undefined
}

/** `of`: the value of the attribute that the rule is split by. */
export type Sentence = (facts: Facts, of?: string) => string

const PLACE = /\{([^{}]*)\}/g
const PLACES = ['current', 'limit', 'n', 'count', 'failures', 'window', 'of'] as const
type Place = (typeof PLACES)[number]
/** Places of figures, which have a word for one and a word for others: `{n:event|events}`. */
const COUNTED: readonly Place[] = ['current', 'limit', 'n', 'count', 'failures']

/** A place, and the words that stand there in place of the figure. */
interface Part {
  readonly place: Place
  readonly words?: readonly [one: string, others: string]
}

/** Throws one sentence if a place is none. */
export function sentenceOf(text: string, rule: string): Sentence {
  // Texts and places by turns: a sentence is made at each evaluation.
  const parts = text.split(PLACE).map((part, i) => (i % 2 === 0 ? part : partOf(part, rule)))
  return (facts, of) => {
    let sentence = ''
    for (const part of parts) sentence += typeof part === 'string' ? part : filled(part, facts, of)
    return sentence
  }
}

function partOf(text: string, rule: string): Part {
  const [place = '', words] = text.split(/:(.*)/s)
  if (!isPlace(place)) {
    throw new Error(
      `The sentence of the rule ${rule} has the place {${text}}, expected one of ${PLACES.map((each) => `{${each}}`).join(', ')}.`,
    )
  }
  if (words === undefined) return { place }
  const [one, others, ...more] = words.split('|')
  if (one === undefined || others === undefined || more.length > 0 || !COUNTED.includes(place)) {
    throw new Error(
      `The sentence of the rule ${rule} has the words {${text}}, expected a figure with a word for one and a word for others, such as {n:event|events}.`,
    )
  }
  return { place, words: [one, others] }
}

function isPlace(text: string): text is Place {
  return (PLACES as readonly string[]).includes(text)
}

/** Of a rule that has no sentence of its own. */
export function plainSentence(title: string): Sentence {
  return (facts) => {
    const { current, limit, unit, n, count, windowSeconds } = facts
    const over = windowSeconds === undefined ? '' : ` over ${duration(windowSeconds)}`
    const bound = limit === undefined ? '' : ` (limit ${shown(limit, unit)})`
    const evidence = n === undefined ? '' : count === undefined ? `: ${amount(n)} in all` : `: ${amount(count)} of ${amount(n)}`
    return `${title} is ${shown(current, unit)}${over}${bound}${evidence}`
  }
}

function filled({ place, words }: Part, facts: Facts, of: string | undefined): string {
  if (words) return words[place !== 'of' && place !== 'window' && isOne(place, facts[place]) ? 0 : 1]
  const { current, limit, unit, n, count, failures, windowSeconds } = facts
  switch (place) {
    case 'current':
      return shown(current, unit)
    case 'limit':
      return limit === undefined ? 'none' : shown(limit, unit)
    case 'n':
      return n === undefined ? 'an unknown number' : amount(n)
    case 'count':
      return count === undefined ? 'an unknown number' : amount(count)
    case 'failures':
      return failures === undefined ? 'an unknown number' : amount(failures)
    case 'window':
      return windowSeconds === undefined ? 'now' : duration(windowSeconds)
    case 'of':
      return of || 'all'
  }
}

/** As it is shown: amounts are rounded, figures beside limits are not. */
function isOne(place: Place, figure: number | string | undefined): boolean {
  if (typeof figure !== 'number') return false
  return (place === 'current' || place === 'limit' ? figure : decimal(figure)) === 1
}

/** All its digits: with fewer it could seem to be on the other side of its limit. "never" and the name of a state are in no unit. */
function shown(figure: number | string, { suffix }: ShownUnit): string {
  if (typeof figure === 'number') return `${grouped(figure)}${suffix}`
  return figure.startsWith('more than ') ? `${figure}${suffix}` : figure
}
