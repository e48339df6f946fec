/** What Redis keeps of the overlays of an alert, as the specification sees it, and a clock that can be put forward: all that is kept was earlier. */
import type { Redis } from 'ioredis'

import type { FoldedAlert } from '../../../src/judge/fold.ts'
import { isOpen } from '../../../src/judge/alert.ts'
import { NO_OVERLAY, type Overlay, type Told } from '../../../src/overlays/overlay.ts'
import type { Severity } from '../../../src/types.ts'
import type { ShardNames } from '../../../src/wire/names.ts'

interface Kept {
  readonly ack?: { readonly by: string; readonly why: string; readonly at: number; readonly until: number }
  readonly hand?: { readonly by: string; readonly why: string; readonly at: number }
  readonly held?: number
  readonly silenced?: readonly string[]
  readonly inhibited?: boolean
  readonly flapping?: boolean
}

export async function heldOverlay(redis: Redis, names: ShardNames, id: string, before: FoldedAlert | undefined): Promise<Overlay> {
  const [told, json] = await redis.hmget(names.alert(id), 'told', 'overlay')
  const kept = JSON.parse(json ?? '{}') as Kept
  const [word, severity, ...flaps] = told?.split(' ') ?? (before && isOpen(before) ? ['fired', before.severity] : ['nothing', 'WARNING'])
  return {
    ...NO_OVERLAY,
    told: word as Told,
    toldSeverity: severity as Severity,
    ack: kept.ack,
    byHand: kept.hand,
    heldUntil: kept.held,
    silenced: kept.silenced ?? [],
    inhibited: kept.inhibited ?? false,
    flapping: kept.flapping ?? false,
    flaps: flaps.map(Number),
  }
}

/** Of the alerts with these ids, and of all silences. */
export async function passes(redis: Redis, names: ShardNames, ids: readonly string[], ms: number): Promise<void> {
  const earlier = (text: string) => text.replaceAll(/\b\d{13}\b/g, (time) => String(Number(time) - ms))
  for (const id of ids) {
    for (const field of ['overlay', 'told']) {
      const text = await redis.hget(names.alert(id), field)
      if (text) await redis.hset(names.alert(id), field, earlier(text))
    }
  }
  for (const [id, text] of Object.entries(await redis.hgetall(names.silences))) await redis.hset(names.silences, id, earlier(text))
  const due = await redis.zrange(names.overlayDue, '0', '-1', 'WITHSCORES')
  for (let i = 0; i < due.length; i += 2) await redis.zadd(names.overlayDue, Number(due[i + 1]) - ms, due[i]!)
}
