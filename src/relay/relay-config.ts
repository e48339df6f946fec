/** The file of `otel-health relay`: where transitions go. Pure: file and environment are arguments. */
import { checkKeys, checkOneOf, checkText, fail, isRecord, type Fields } from '../config/checking.ts'
import type { Environment } from '../config/options.ts'
import { keyOf, SHORTEST_SECRET } from './signature.ts'
import { namesIn, type Json, type Template } from './template.ts'
import { TEMPLATES, VALUE_NAMES } from './templates.ts'

interface CommonTarget {
  /** Part of keys in Redis and of what is said: a target that is called otherwise is another, and begins anew. */
  readonly name: string
  /** May hold a password: never printed. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** What an answer may take. */
  readonly timeoutMs: number
}

export interface AlertmanagerTarget extends CommonTarget {
  readonly type: 'alertmanager'
  /** On every alert besides its own. */
  readonly labels: Readonly<Record<string, string>>
  /** All that is open is said again this often. */
  readonly resendMs: number
  /** What is not said again for this long is over, to Alertmanager. */
  readonly holdMs: number
}

export interface WebhookTarget extends CommonTarget {
  readonly type: 'webhook'
  readonly template: Template
  /** Of the target alone, for its template. */
  readonly values: Readonly<Record<string, string>>
  /** It is signed with each. */
  readonly secrets: readonly string[]
}

export type RelayTarget = AlertmanagerTarget | WebhookTarget

const COMMON_KEYS = ['type', 'name', 'url', 'urlEnv', 'bearerEnv', 'timeoutSeconds']
const KEYS = {
  alertmanager: [...COMMON_KEYS, 'urls', 'labels', 'resendSeconds', 'holdSeconds'],
  webhook: [...COMMON_KEYS, 'template', 'body', 'values', 'valuesEnv', 'secretEnv'],
} as const
const NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]{0,63}$/
const OWN_LABELS = ['alertname', 'service', 'severity']
const MOST_TARGETS = 32

/** Throws one sentence that names the path, what stands there and what is expected; of what may be secret, only its path. */
export function readRelayConfig(config: unknown, env: Environment): readonly RelayTarget[] {
  if (!isRecord(config)) fail('the configuration', config, 'an object with "targets"')
  checkKeys(config, ['targets'], '')
  const { targets } = config
  if (!Array.isArray(targets) || targets.length === 0 || targets.length > MOST_TARGETS) {
    fail('targets', targets, `a list of 1 to ${MOST_TARGETS} targets`)
  }
  const all = targets.flatMap((target: unknown, i) => readTarget(target, `targets[${i}]`, env))
  for (const [i, { name }] of all.entries()) {
    if (all.findIndex((each) => each.name === name) < i) {
      throw new Error(`Two targets are called ${JSON.stringify(name)}: give each a "name" of its own.`)
    }
  }
  return all
}

function readTarget(target: unknown, path: string, env: Environment): readonly RelayTarget[] {
  if (!isRecord(target)) fail(path, target, 'an object')
  const { type } = target
  checkOneOf(type, ['alertmanager', 'webhook'], `${path}.type`)
  checkKeys(target, KEYS[type as 'alertmanager' | 'webhook'], `${path}.`)
  return type === 'alertmanager' ? readAlertmanager(target, path, env) : [readWebhook(target, path, env)]
}

/** One target for each address, so that one that hangs does not hold up the other. */
function readAlertmanager(target: Fields, path: string, env: Environment): readonly AlertmanagerTarget[] {
  const { urls } = target
  if (urls !== undefined && (!Array.isArray(urls) || urls.length === 0)) fail(`${path}.urls`, urls, 'a list of URLs')
  const addresses =
    urls === undefined ? [readUrl(target, path, env)] : (urls as unknown[]).map((url, i) => addressOf(url, `${path}.urls[${i}]`))
  const resendMs = secondsOf(target, 'resendSeconds', path, { least: 1, most: 60, otherwise: 60 })
  const holdMs = secondsOf(target, 'holdSeconds', path, { least: 240, most: 86_400, otherwise: 300 })
  const common = commonOf(target, path, env, 'alertmanager')
  const labels = textsOf(target['labels'], `${path}.labels`)
  for (const label of Object.keys(labels)) {
    if (!LABEL.test(label)) fail(`a name in ${path}.labels`, label, 'letters, digits and _, as Prometheus has them')
    if (OWN_LABELS.includes(label)) fail(`a name in ${path}.labels`, label, `none of ${OWN_LABELS.join(', ')}, which are the alert's own`)
  }
  return addresses.map((address, i) => ({
    ...common,
    type: 'alertmanager',
    name: i === 0 ? common.name : `${common.name}-${i + 1}`,
    ...address,
    url: `${address.url.replace(/\/+$/, '')}/api/v2/alerts`,
    headers: { ...address.headers, ...common.headers },
    labels,
    resendMs,
    holdMs,
  }))
}

function readWebhook(target: Fields, path: string, env: Environment): WebhookTarget {
  const { template: templateName, body, secretEnv } = target
  if (templateName !== undefined && body !== undefined) {
    throw new Error(`${path} has "template" and "body": leave one out, "body" is a template of your own.`)
  }
  if (body === undefined) checkOneOf(templateName ?? 'cloudevents', Object.keys(TEMPLATES), `${path}.template`)
  else if (!isRecord(body)) fail(`${path}.body`, body, 'an object in whose texts {{name}} stands for a value')
  const name = (templateName ?? 'cloudevents') as keyof typeof TEMPLATES
  const template: Template = body === undefined ? TEMPLATES[name] : { body: body as Json, contentType: 'application/json; charset=utf-8' }
  const values = { ...textsOf(target['values'], `${path}.values`), ...valuesFromEnv(target['valuesEnv'], `${path}.valuesEnv`, env) }
  for (const needed of namesIn(template.body)) {
    if ((VALUE_NAMES as readonly string[]).includes(needed) || needed in values) continue
    throw new Error(
      body === undefined
        ? `${path} lacks the value ${JSON.stringify(needed)} that its template needs: give it in "values", or name its variable in "valuesEnv".`
        : `${path}.body names the value ${JSON.stringify(needed)}, which is neither in "values" nor one of ${VALUE_NAMES.join(', ')}.`,
    )
  }
  const address = readUrl(target, path, env)
  const common = commonOf(target, path, env, body === undefined ? (templateName === undefined ? 'webhook' : name) : 'webhook')
  return {
    ...common,
    type: 'webhook',
    ...address,
    headers: { ...address.headers, ...common.headers },
    template,
    values,
    secrets: secretsOf(secretEnv, `${path}.secretEnv`, env),
  }
}

type Address = Pick<CommonTarget, 'url' | 'headers'>

function readUrl(target: Fields, path: string, env: Environment): Address {
  const { url, urlEnv } = target
  if ((url === undefined) === (urlEnv === undefined)) {
    throw new Error(`${path} must have either "url" or "urlEnv", the name of the environment variable that holds the URL.`)
  }
  if (url !== undefined) return addressOf(url, `${path}.url`)
  return addressOf(variable(urlEnv, `${path}.urlEnv`, env), `the URL in the variable that ${path}.urlEnv names`)
}

/** fetch refuses user and password in a URL: they go into a header. */
function addressOf(value: unknown, path: string): Address {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol)) throw new Error(`${path} must be a URL that begins with http:// or https://.`)
  if (url.username === '' && url.password === '') return { url: url.href, headers: {} }
  const credentials = Buffer.from(`${decoded(url.username)}:${decoded(url.password)}`).toString('base64')
  url.username = ''
  url.password = ''
  return { url: url.href, headers: { authorization: `Basic ${credentials}` } }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function commonOf(target: Fields, path: string, env: Environment, byDefault: string): Omit<CommonTarget, 'url'> {
  const { name = byDefault, bearerEnv } = target
  if (typeof name !== 'string' || !NAME.test(name)) fail(`${path}.name`, name, '1 to 32 of a-z, 0-9, _ and -')
  return {
    name,
    headers: bearerEnv === undefined ? {} : { authorization: `Bearer ${headerText(variable(bearerEnv, `${path}.bearerEnv`, env), path)}` },
    timeoutMs: secondsOf(target, 'timeoutSeconds', path, { least: 1, most: 60, otherwise: 10 }),
  }
}

function headerText(text: string, path: string): string {
  if (/^[\x21-\x7E]+$/.test(text)) return text
  throw new Error(`The variable that ${path}.bearerEnv names must hold a token without blanks.`)
}

function secondsOf(
  target: Fields,
  key: string,
  path: string,
  { least, most, otherwise }: Record<'least' | 'most' | 'otherwise', number>,
): number {
  const value = target[key] ?? otherwise
  if (typeof value !== 'number' || !(value >= least && value <= most))
    fail(`${path}.${key}`, value, `a number of seconds from ${least} to ${most}`)
  return value * 1000
}

function textsOf(value: unknown, path: string): Readonly<Record<string, string>> {
  if (value === undefined) return {}
  if (!isRecord(value)) fail(path, value, 'an object of texts')
  for (const [key, text] of Object.entries(value)) checkText(text, `${path}.${key.slice(0, 100)}`)
  return value as Readonly<Record<string, string>>
}

function valuesFromEnv(value: unknown, path: string, env: Environment): Readonly<Record<string, string>> {
  const names = Object.entries(textsOf(value, path))
  return Object.fromEntries(names.map(([key, name]) => [key, variable(name, `${path}.${key.slice(0, 100)}`, env)]))
}

function secretsOf(value: unknown, path: string, env: Environment): readonly string[] {
  if (value === undefined) return []
  const names = Array.isArray(value) ? (value as unknown[]) : [value]
  return names.map((name) => {
    const secret = variable(name, path, env)
    if (keyOf(secret).length >= SHORTEST_SECRET) return secret
    throw new Error(
      `The secret in ${String(name)}, which ${path} names, has fewer than ${SHORTEST_SECRET} bytes: make one with \`echo whsec_$(openssl rand -base64 32)\`.`,
    )
  })
}

/** What the environment holds; the file names its variables only, so that it holds no secret. */
function variable(name: unknown, path: string, env: Environment): string {
  // Not the value: it may be the secret itself, put into the wrong place.
  if (typeof name !== 'string' || !/^[a-zA-Z_]\w*$/.test(name)) throw new Error(`${path} must be the name of an environment variable.`)
  const value = env[name]?.trim()
  if (!value) throw new Error(`The environment variable ${name}, which ${path} names, is not set.`)
  return value
}

/** All that may be printed of an address: whoever knows the rest of a Slack webhook's may write there. */
export function shownAddress(url: string): string {
  const { origin, pathname } = new URL(url)
  return pathname === '/' ? origin : `${origin}/…`
}
