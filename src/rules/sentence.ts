/** What people are told: a sentence with places for figures. */
import { amount, duration } from '../judge/wording.ts'
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

/** Throws one sentence if a place is none. */
export function sentenceOf(text: string, rule: string): Sentence {
  for (const [, place] of text.matchAll(PLACE)) {
    if (!(PLACES as readonly string[]).includes(place!)) {
      throw new Error(
        `The sentence of the rule ${rule} has the place {${place}}, expected one of ${PLACES.map((each) => `{${each}}`).join(', ')}.`,
      )
    }
  }
  // Texts and places by turns: a sentence is made at each evaluation.
  const parts = text.split(PLACE)
  return (facts, of) => {
    let sentence = ''
    for (let i = 0; i < parts.length; i++) sentence += i % 2 === 0 ? parts[i]! : filled(parts[i] as (typeof PLACES)[number], facts, of)
    return sentence
  }
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

function filled(
  place: (typeof PLACES)[number],
  { current, limit, unit, n, count, failures, windowSeconds }: Facts,
  of: string | undefined,
): string {
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

function shown(figure: number | string, { suffix }: ShownUnit): string {
  return typeof figure === 'number'
    ? `${Number.isInteger(figure) || Math.abs(figure) >= 10 ? amount(figure) : String(figure)}${suffix}`
    : figure
}
