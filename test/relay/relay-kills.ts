/** Transitions are written while relays are killed; what a receiver that knows ids has had is looked at then. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { expect, vi } from 'vitest'
import type { Receiver } from './receiver.ts'
import type { RelayProcesses } from './relay-processes.ts'
import { writeTransition } from './transitions.ts'

export interface Killing {
  readonly redis: Redis
  readonly relays: RelayProcesses
  readonly receiver: Receiver
  readonly target: string
  readonly kills: number
  readonly alerts: number
  /** Milliseconds to wait for all to have arrived after the last kill. */
  readonly patienceMs: number
  readonly random: () => number
}

export interface Outcome {
  readonly written: number
  readonly requests: number
  /** Taken, and known by its id. */
  readonly twice: number
}

const TYPES = ['fired', 'escalated', 'deescalated', 'resolved'] as const

/** Each alert goes through its life again and again. What was received, the second of an id left out, must be what was written, in order. */
export async function killWhileWriting({ redis, relays, receiver, target, kills, alerts, patienceMs, random }: Killing): Promise<Outcome> {
  const written = new Map<string, string[]>()
  const writing = new AbortController()
  const write = async (): Promise<void> => {
    for (let i = 0; !writing.signal.aborted; i++) {
      const alert = `alert-${Math.floor(random() * alerts)}`
      const ids = written.get(alert) ?? []
      const type = TYPES[ids.length % TYPES.length]!
      const severity = type === 'escalated' ? 'CRITICAL' : 'WARNING'
      // oxlint-disable-next-line no-await-in-loop
      ids.push(await writeTransition(redis, { alert_id: alert, service: 'mailer', type, severity, episode: i }))
      written.set(alert, ids)
      // oxlint-disable-next-line no-await-in-loop
      await sleep(random() * 10)
    }
  }
  const done = write()
  for (let kill = 0; kill < kills; kill++) {
    // oxlint-disable-next-line no-await-in-loop
    await relays.killHolder(target, random() * 150)
  }
  writing.abort()
  await done
  const count = [...written.values()].reduce((sum, ids) => sum + ids.length, 0)
  await vi.waitUntil(() => receiver.ids.length >= count, { timeout: patienceMs, interval: 50 }).catch(() => {})
  const received = receiver.ids
  for (const ids of written.values()) expect(received.filter((id) => ids.includes(id))).toEqual(ids)
  expect(received).toHaveLength(count)
  return { written: count, requests: receiver.received.length, twice: receiver.taken - received.length }
}

/** Numbers from 0 to 1 that are the same with every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
