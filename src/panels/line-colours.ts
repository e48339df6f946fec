/** Colours that say whether a line is good or bad. A line that no word of its name is known of keeps a colour of Grafana's palette. */

/** Lines whose names fit, as a regular expression of JavaScript, and Grafana's name of the colour that they have. */
export interface LineColour {
  readonly names: string
  readonly colour: string
}

/** By the word with which the name of a line ends. */
export function byLastWord(colours: Readonly<Record<string, string>>): readonly LineColour[] {
  return Object.entries(colours).map(([word, colour]) => ({ names: `(^| )${word}$`, colour }))
}

/** What became of a piece of work. */
export const OUTCOME_COLOURS: readonly LineColour[] = byLastWord({ ok: 'green', failed: 'red', unknown: 'purple' })
export const SEVERITY_COLOURS: readonly LineColour[] = byLastWord({ WARNING: 'orange', CRITICAL: 'red' })
/** Every line is one of what went wrong. */
export const FAILURE_COLOURS: readonly LineColour[] = [{ names: '.', colour: 'red' }]
/** Names that end with the status of an HTTP answer; without one there was none. */
export const ANSWER_COLOURS: readonly LineColour[] = [
  { names: '^\\S* ?$', colour: 'red' },
  { names: '(^| )2\\d\\d$', colour: 'green' },
  { names: '(^| )3\\d\\d$', colour: 'blue' },
  { names: '(^| )4\\d\\d$', colour: 'orange' },
  { names: '(^| )5\\d\\d$', colour: 'red' },
]
/** Names of an upstream and of why a call to it failed; without a reason it did not. */
export const CALL_COLOURS: readonly LineColour[] = [
  { names: '^\\S* ?$', colour: 'green' },
  { names: '^\\S+ \\S+$', colour: 'red' },
]
