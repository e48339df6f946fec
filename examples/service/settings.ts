/** Reads single settings. All throw one sentence that names the variable, what it is and what was expected. */

export type Variables = Readonly<Record<string, string | undefined>>

/** What every service that lives of a queue is told. */
export interface ServiceSettings {
  readonly redis: { readonly host: string; readonly port: number }
  /** Different for every process of a service, and the same again after a restart: what a crash left in work is found by it. */
  readonly instance: string
  /** How long an item may stay unnoticed in an empty queue. */
  readonly idlePollMs: number
  /** Before trying again while Redis, or what the work can't do without, is gone. */
  readonly outagePauseMs: number
  /** How long calls in flight may take once the service is to stop. */
  readonly drainMs: number
}

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

export function serviceSettings(env: Variables): ServiceSettings {
  return {
    redis: redisTarget(env),
    instance: env.INSTANCE || '1',
    idlePollMs: number(env, 'IDLE_POLL_MS', SECOND),
    outagePauseMs: number(env, 'OUTAGE_PAUSE_MS', 5 * SECOND),
    drainMs: number(env, 'DRAIN_MS', 3 * SECOND),
  }
}

export function redisTarget(env: Variables): ServiceSettings['redis'] {
  return { host: env.REDIS_HOST ?? 'localhost', port: number(env, 'REDIS_PORT', 6379) }
}

export function required(env: Variables, name: string): string {
  const value = env[name]
  if (!value) throw new Error(`${name} is not set`)
  return value
}

export function optionalNumber(env: Variables, name: string): number | undefined {
  const text = env[name]
  if (text === undefined || text === '') return undefined
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0) throw new Error(`${name} is ${JSON.stringify(text)}; expected a number of at least 0`)
  return value
}

export function number(env: Variables, name: string, otherwise: number): number {
  return optionalNumber(env, name) ?? otherwise
}

export function url(env: Variables, name: string): string {
  const text = required(env, name)
  if (!URL.canParse(text)) throw new Error(`${name} is ${JSON.stringify(text)}; expected a URL such as http://127.0.0.1:6969`)
  return text.replace(/\/+$/, '')
}
