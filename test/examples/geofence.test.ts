import { describe, expect, test } from 'vitest'
import { judgeGeofences, type GeofenceState } from '../../examples/service/geofence.ts'

const fence = { id: 'depot', latitude: 52, longitude: 13, radiusMetres: 400 }
const DWELL_MS = 600_000
const MINUTE = 60_000

/** `in` is at the centre, `out` about 1,100 m north of it. */
const at = (minute: number, where: 'in' | 'out') => ({
  at: minute * MINUTE,
  latitude: where === 'in' ? 52 : 52.01,
  longitude: 13,
  accuracy: 10,
})

describe('judgeGeofences', () => {
  test.for([
    { why: 'the first position sets the state without an event', positions: [at(0, 'in')], expected: [] },
    { why: 'coming in is an enter', positions: [at(0, 'out'), at(1, 'in')], expected: ['enter'] },
    { why: 'going out is an exit', positions: [at(0, 'in'), at(1, 'out')], expected: ['exit'] },
    { why: 'staying is a dwell, once', positions: [at(0, 'in'), at(10, 'in'), at(30, 'in')], expected: ['dwell'] },
    { why: 'a short stay is no dwell', positions: [at(0, 'out'), at(1, 'in'), at(9, 'in'), at(10, 'out')], expected: ['enter', 'exit'] },
    {
      why: 'a second stay may dwell again',
      positions: [at(0, 'in'), at(10, 'in'), at(11, 'out'), at(12, 'in'), at(22, 'in')],
      expected: ['dwell', 'exit', 'enter', 'dwell'],
    },
    {
      why: 'positions are judged in order of their own time',
      positions: [at(2, 'out'), at(0, 'out'), at(1, 'in')],
      expected: ['enter', 'exit'],
    },
  ])('$why', ({ positions, expected }) => {
    const { events } = judgeGeofences({ inside: {} }, positions, [fence], DWELL_MS)
    expect(events.map(({ transition }) => transition)).toEqual(expected)
  })

  test('the state carries over from one answer to the next, and late reports change nothing', () => {
    let state: GeofenceState = { inside: {} }
    const judge = (...positions: ReturnType<typeof at>[]) => {
      const judged = judgeGeofences(state, positions, [fence], DWELL_MS)
      state = judged.state
      return judged.events.map(({ transition }) => transition)
    }
    expect(judge(at(0, 'out'))).toEqual([])
    expect(judge(at(5, 'in'))).toEqual(['enter'])
    expect(judge(at(3, 'out'))).toEqual([])
    expect(judge(at(15, 'in'))).toEqual(['dwell'])
    expect(judge()).toEqual([])
    expect(judge(at(16, 'out'))).toEqual(['exit'])
  })
})
