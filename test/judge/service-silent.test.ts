import { describe, expect, test } from 'vitest'

import { judgeSilence } from '../../src/judge/service-silent.ts'
import type { Alert, ServicePresence } from '../../src/types.ts'

const at = (seconds: number) => ({ monotonicMs: seconds * 1000, epochMs: seconds * 1000 })
const beats = (service: string, ageSeconds: number, silent: boolean): ServicePresence => ({
  service,
  lastBeatAgeMs: ageSeconds * 1000,
  silent,
})
const judgeAt = (seconds: number, services: readonly ServicePresence[], alerts: ReadonlyMap<string, Alert> = new Map()) =>
  judgeSilence({ services, alerts, alertId: (service) => `silent-${service}`, now: at(seconds) })

describe('the silence of a service', () => {
  test('fires at once, about that service, and says for how long', () => {
    const { transitions } = judgeAt(0, [beats('geocoding', 95, true), beats('notification', 3, false)])
    expect(transitions).toMatchObject([
      {
        type: 'fired',
        alert: {
          id: 'silent-geocoding',
          rule: 'service_silent',
          service: 'geocoding',
          severity: 'CRITICAL',
          message: 'No instance of geocoding has been heard of for 1.6 min (limit 3 publishing intervals), and none said that it stops',
        },
      },
    ])
  })

  test.for([
    { why: 'it is heard of again', services: [beats('geocoding', 1, false)] },
    { why: 'it is listed no more, because somebody stopped it', services: [] },
  ])('ends when $why', ({ services }) => {
    const { alerts } = judgeAt(0, [beats('geocoding', 95, true)])
    const { transitions, alerts: after } = judgeAt(10, services, alerts)
    expect(transitions).toMatchObject([{ type: 'resolved', alert: { service: 'geocoding' } }])
    expect(judgeAt(20, services, after).transitions).toEqual([])
  })

  test('that goes on is told once', () => {
    const { alerts } = judgeAt(0, [beats('geocoding', 95, true)])
    expect(judgeAt(10, [beats('geocoding', 105, true)], alerts).transitions).toEqual([])
  })
})
