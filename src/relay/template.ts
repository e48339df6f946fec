/**
 * Bodies of webhooks as data: JSON in whose strings `{{name}}` stands for a value. A string that is nothing else becomes the value itself,
 * a number or an object too. A field whose value is not known is left out, and so is an entry of a list that lacks one. Pure.
 */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

export type TemplateValues = Readonly<Record<string, Json | undefined>>

export interface Template {
  readonly body: Json
  readonly contentType: string
  /** How a text is written into others: Slack reads `&`, `<` and `>` as its own. */
  readonly escape?: 'slack'
}

const NAME = /\{\{([a-zA-Z]\w*)\}\}/g

/** The body in JSON. */
export function render({ body, escape }: Template, values: TemplateValues): string {
  return JSON.stringify(filled(body, values, escape === 'slack' ? forSlack : (text) => text) ?? {})
}

/** Names of all values that it needs. */
export function namesIn(body: Json): ReadonlySet<string> {
  if (typeof body === 'string') return new Set(Array.from(body.matchAll(NAME), ([, name]) => name!))
  if (typeof body !== 'object' || body === null) return new Set()
  return new Set(Object.values(body as Record<string, Json>).flatMap((each) => [...namesIn(each)]))
}

type Escape = (text: string) => string

function filled(body: Json, values: TemplateValues, escape: Escape): Json | undefined {
  if (typeof body === 'string') return filledText(body, values, escape)
  if (typeof body !== 'object' || body === null) return body
  if (Array.isArray(body)) {
    const all = (body as readonly Json[]).map((entry) => ({ entry, full: filled(entry, values, escape) }))
    return all.flatMap(({ entry, full }) => (full === undefined || lacks(entry, full) ? [] : [full]))
  }
  const pairs = Object.entries(body).map(([key, each]) => [key, filled(each, values, escape)] as const)
  return Object.fromEntries(pairs.filter((pair): pair is readonly [string, Json] => pair[1] !== undefined))
}

function lacks(entry: Json, full: Json): boolean {
  return typeof entry === 'object' && entry !== null && Object.keys(entry).length !== Object.keys(full as object).length
}

function filledText(text: string, values: TemplateValues, escape: Escape): Json | undefined {
  const names = namesIn(text)
  if ([...names].some((name) => values[name] === undefined)) return undefined
  const [only] = names
  if (only !== undefined && text === `{{${only}}}`) {
    const value = values[only]!
    return typeof value === 'string' ? escape(value) : value
  }
  return text.replaceAll(NAME, (_all, name: string) => {
    const value = values[name]!
    return escape(typeof value === 'string' ? value : JSON.stringify(value))
  })
}

/** As Slack's "Formatting text for app surfaces" demands; nobody is called by what a service wrote (`<!channel>`). */
function forSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
