/** What has been told, and what is open, as the health Redis holds it. */
import type { Redis } from 'ioredis'

export interface ToldTransition {
  readonly seq: number
  readonly type: string
  readonly rule: string
  readonly service: string
  readonly severity: string
  readonly state: string
  readonly episode: number
  readonly cause: string
  readonly since: string
  readonly timestamp: string
  readonly message: string
  readonly instances: Readonly<Record<string, { readonly state: string; readonly breaching: boolean }>>
}

export async function toldBy(redis: Redis, rule?: string): Promise<ToldTransition[]> {
  const entries = await redis.xrange('{health}:alerts', '-', '+')
  const all = entries.map(([, [, text]]) => JSON.parse(text!) as ToldTransition)
  return rule === undefined ? all : all.filter((each) => each.rule === rule)
}

/** `fired`, `resolved`, in order. */
export async function typesOf(redis: Redis, rule?: string): Promise<string[]> {
  return (await toldBy(redis, rule)).map(({ type }) => type)
}

/** `anisette_unreachable firing`, sorted. */
export async function openIn(redis: Redis): Promise<string[]> {
  const ids = await redis.zrange('{health}:open', '0', '-1')
  const documents = await Promise.all(ids.map((id) => redis.hget(`{health}:alert:${id}`, 'doc')))
  return documents
    .map((document) => {
      const { rule, state } = JSON.parse(document!) as ToldTransition
      return `${rule} ${state}`
    })
    .toSorted()
}

/** Instances by name of the one alert of a rule: `firing`, `gone`. */
export async function instancesOf(redis: Redis, rule: string): Promise<Record<string, string>> {
  for (const key of await redis.keys('{health}:alert:????????????????')) {
    const document = JSON.parse((await redis.hget(key, 'doc'))!) as ToldTransition
    if (document.rule === rule) return Object.fromEntries(Object.entries(document.instances).map(([name, { state }]) => [name, state]))
  }
  return {}
}
