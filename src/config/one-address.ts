/** The health Redis has one address: a URL, or host, port, user, password and TLS. */
import { parseRedisUrl } from './redis-url.ts'
import { SETTINGS, type Environment, type SettingName, type Settings } from './settings.ts'

const PARTS = ['redisHost', 'redisPort', 'redisUsername', 'redisPassword', 'redisTls'] as const satisfies readonly SettingName[]

type Given = Readonly<Partial<Record<SettingName, unknown>>>

interface Place {
  /** Whether the setting is given there. */
  readonly has: (name: SettingName) => boolean
  readonly called: (name: SettingName) => string
}

/**
 * The settings with the address that counts. An address is taken whole from the strongest place that names one: a URL there leaves aside
 * what weaker places say of the parts, and a host leaves aside a weaker URL. Throws one sentence, which names both, if parts of an address
 * are given beside a URL.
 */
export function withOneAddress(settings: Settings, env: Environment, code: Given, config: Given): Settings {
  if (settings.redisUrl === undefined) return settings
  const places: readonly Place[] = [
    { has: (name) => code[name] !== undefined, called: (name) => `the option ${name}` },
    { has: (name) => Boolean(env[SETTINGS[name].env]), called: (name) => SETTINGS[name].env },
    { has: (name) => config[name] !== undefined, called: (name) => `${name} in health.config` },
  ]
  const strongest = places.findIndex(({ has }) => has('redisUrl'))
  if (places.slice(0, strongest).some(({ has }) => has('redisHost'))) return { ...settings, redisUrl: undefined }
  for (const { has, called } of places.slice(0, strongest + 1)) {
    const part = PARTS.find((name) => has(name))
    if (part !== undefined) throw new Error(bothGiven(places[strongest]!.called('redisUrl'), called(part)))
  }
  const { database = 0 } = parseRedisUrl(settings.redisUrl) ?? {}
  if (settings.redisClusterMode && database > 0) {
    throw new Error(
      `HEALTH_REDIS_URL names the database ${database}, expected none with HEALTH_REDIS_CLUSTER_MODE: a cluster has the database 0 alone.`,
    )
  }
  return settings
}

function bothGiven(url: string, part: string): string {
  const sentence = `${url} and ${part} are both given, expected one of them: the URL names host, port, user, password and TLS.`
  return sentence.replace(/^the /, 'The ')
}
