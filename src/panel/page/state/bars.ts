/** Bars and small lines of the services that are seen: asked for together, kept for a minute, and not for ever. */
import { signal, type Signal } from '@preact/signals'

import type { Bar, Bars } from '../../protocol.ts'
import { ask } from './api.ts'

interface Kept {
  readonly bar: Bar | undefined
  readonly askedAt: number
}

export const bars: Signal<ReadonlyMap<string, Kept>> = signal(new Map())

const FRESH_MS = 60_000
/** The server takes so many names at once. */
const AT_ONCE = 100
const MOST_KEPT = 400
/** Rows that one only scrolls past are not asked for. */
const SETTLE_MS = 120

let timer: ReturnType<typeof setTimeout> | undefined

export function wantBars(services: readonly string[]): void {
  clearTimeout(timer)
  timer = setTimeout(() => void load(services), SETTLE_MS)
}

async function load(services: readonly string[]): Promise<void> {
  const now = Date.now()
  const missing = services.filter((name) => now - (bars.peek().get(name)?.askedAt ?? 0) > FRESH_MS).slice(0, AT_ONCE)
  if (missing.length === 0 || document.hidden) return
  // Said first: while it is on its way it is not asked for again.
  keep(missing.map((name) => [name, { bar: bars.peek().get(name)?.bar, askedAt: now }]))
  try {
    const answer = await ask<Bars>(`bars?${missing.map((name) => `service=${encodeURIComponent(name)}`).join('&')}`)
    keep(missing.map((name) => [name, { bar: Object.hasOwn(answer, name) ? answer[name] : undefined, askedAt: now }]))
  } catch {
    // A row without its bar says all the rest; it is asked for again with the next news.
    keep(missing.map((name) => [name, { bar: bars.peek().get(name)?.bar, askedAt: now - FRESH_MS + 5000 }]))
  }
}

function keep(entries: readonly (readonly [string, Kept])[]): void {
  const names = new Set(entries.map(([name]) => name))
  const others = [...bars.peek()].filter(([name]) => !names.has(name))
  bars.value = new Map([...others, ...entries].slice(-MOST_KEPT))
}
