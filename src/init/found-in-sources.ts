/** What the sources of a service say of what it calls and takes work from. Found in their text, and so a guess, which is shown as one. Pure. */
import type { SourceFile } from './project-files.ts'

export interface FoundUpstream {
  /** As health.config calls it. */
  readonly name: string
  /** With its port, if the sources name one. */
  readonly host: string
  readonly path: string
}

export interface FoundKey {
  readonly key: string
  readonly type: 'list' | 'zset'
  readonly path: string
}

/** Comments hold addresses that nobody calls. */
export function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[^]*?\*\/|(?<![:'"`\w])\/\/.*/g, '')
}

/** Hosts of documents, of tests and of the service itself. */
const NO_UPSTREAM =
  /(?:^|\.)(?:example\.(?:com|org|net)|w3\.org|json-schema\.org|schema\.org|github\.com|npmjs\.com|nodejs\.org|mozilla\.org|opensource\.org|apache\.org)$/
/** Requests that wait for work are no calls to judge by their time. */
const WAITS = /^(?:sqs\.|queue\.|api\.telegram\.org)/
const URLS = /(['"`])https?:\/\/([a-z0-9][a-z0-9.-]*(?::\d{1,5})?)(?=[/?'"`$])/gi
const LISTENS = /\.listen\(\s*(?:[^,)]*?[?|]{2}\s*)?(\d{2,5})/g
const OWN_HOSTS = /^(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::(\d+))?$/

/** Hosts that are called by HTTP, each once. */
export function upstreamsIn(sources: readonly SourceFile[]): readonly FoundUpstream[] {
  const texts = sources.map(({ path, text }) => ({ path, text: withoutComments(text) }))
  const ownPorts = new Set(texts.flatMap(({ text }) => Array.from(text.matchAll(LISTENS), ([, port]) => port!)))
  const found = new Map<string, FoundUpstream>()
  for (const { path, text } of texts) {
    for (const [, , given = ''] of text.matchAll(URLS)) {
      const host = given.toLowerCase()
      const own = OWN_HOSTS.exec(host)
      const isNone = own ? own[1] === undefined || ownPorts.has(own[1]) : !host.includes('.') && !host.includes(':')
      if (isNone || NO_UPSTREAM.test(host.replace(/:\d+$/, '')) || WAITS.test(host) || found.has(host)) continue
      found.set(host, { name: nameOf(host, [...found.values()]), host, path })
    }
  }
  return [...found.values()]
}

/** `stripe` of `api.stripe.com`; the whole host where that is taken. */
function nameOf(host: string, others: readonly FoundUpstream[]): string {
  const whole = host.replaceAll(/[^a-z0-9]+/g, '_')
  const labels = host.replace(/:\d+$/, '').split('.')
  const isAddress = labels.length < 2 || labels.every((label) => /^\d+$/.test(label))
  const short = isAddress ? whole : labels.at(-2)!.replaceAll('-', '_')
  return others.some(({ name }) => name === short) ? whole : short
}

const POPS: readonly { readonly type: FoundKey['type']; readonly call: RegExp }[] = [
  { type: 'list', call: /\.(?:b?[lr]pop|b?rpoplpush|b?lmove)\(\s*(['"`])([^'"`$]+)\1/gi },
  { type: 'zset', call: /\.(?:b?zpop(?:min|max)|zrangebyscore)\(\s*(['"`])([^'"`$]+)\1/gi },
]

/** Keys of Redis that work is taken from, each once. */
export function keysIn(sources: readonly SourceFile[]): readonly FoundKey[] {
  const found = new Map<string, FoundKey>()
  for (const { path, text } of sources) {
    for (const { type, call } of POPS) {
      for (const [, , key = ''] of withoutComments(text).matchAll(call)) if (!found.has(key)) found.set(key, { key, type, path })
    }
  }
  return [...found.values()]
}

/** Names of queues that a library is given, for the person to recognise. */
export function queueNamesIn(sources: readonly SourceFile[]): readonly string[] {
  const calls = [
    /new (?:Worker|Queue|Bull|BeeQueue)(?:<[^(]*>)?\(\s*(['"`])([^'"`$]+)\1/g,
    /@Processor\(\s*(?:\{\s*name:\s*)?(['"`])([^'"`$]+)\1/g,
    /registerQueue(?:Async)?\(\s*\{\s*name:\s*(['"`])([^'"`$]+)\1/g,
  ]
  return [
    ...new Set(
      sources.flatMap(({ text }) => calls.flatMap((call) => Array.from(withoutComments(text).matchAll(call), ([, , name]) => name!))),
    ),
  ]
}
