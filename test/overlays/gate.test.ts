import { expect, test } from 'vitest'

import { gate } from '../../src/overlays/gate.ts'
import { NO_OVERLAY, type Overlay } from '../../src/overlays/overlay.ts'
import type { TransitionType } from '../../src/types.ts'

const NOW = 1000
const told: Partial<Overlay> = { told: 'fired' }
const acked: Partial<Overlay> = { ...told, ack: { by: 'ada', why: 'looking', at: 0, until: 2000 } }

interface Row {
  readonly type: TransitionType
  readonly overlay: Partial<Overlay>
  readonly why: string
  readonly reason?: string
}

const ROWS: readonly Row[] = [
  { type: 'fired', overlay: {}, why: 'nothing lies over it' },
  { type: 'fired', overlay: { silenced: ['s'] }, why: 'silenced', reason: 'silence' },
  { type: 'fired', overlay: { inhibited: true }, why: 'its cause is open', reason: 'inhibition' },
  { type: 'fired', overlay: { flapping: true }, why: 'it comes and goes', reason: 'flapping' },
  {
    type: 'resolved',
    overlay: { ...told, silenced: ['s'], inhibited: true, flapping: true },
    why: 'people were told that it fired, whatever lies over it',
  },
  { type: 'resolved', overlay: {}, why: 'nobody was told that it fired', reason: 'never_told' },
  { type: 'resolved', overlay: { told: 'resolved' }, why: 'nor of this time', reason: 'never_told' },
  { type: 'resolved', overlay: acked, why: 'who acknowledged it hears that it is over' },
  { type: 'deescalated', overlay: acked, why: 'somebody looks after it', reason: 'ack' },
  { type: 'deescalated', overlay: { ...acked, ack: { ...acked.ack!, until: NOW } }, why: 'not any more' },
  { type: 'acked', overlay: acked, why: 'people were told, and hear who looks after it' },
  { type: 'acked', overlay: { ...acked, told: 'nothing' }, why: 'nobody knows of it', reason: 'never_told' },
  { type: 'acked', overlay: { ...acked, silenced: ['s'] }, why: 'a silence is a silence', reason: 'silence' },
  { type: 'ack_expired', overlay: told, why: 'nobody looks after it any more' },
  { type: 'silenced', overlay: told, why: 'that is what silence is', reason: 'silence' },
  { type: 'flapping_started', overlay: { told: 'resolved', flapping: true }, why: 'or people would wonder why they hear no more' },
  { type: 'flapping_started', overlay: { flapping: true, silenced: ['s'] }, why: 'not within a silence', reason: 'silence' },
  { type: 'flapping_ended', overlay: { told: 'resolved' }, why: 'from now on they hear of it again' },
]

test.for(ROWS)('$type, $why', ({ type, overlay, reason }) => {
  expect(gate({ type }, { ...NO_OVERLAY, ...overlay }, NOW)).toEqual(reason === undefined ? { deliver: true } : { deliver: false, reason })
})
