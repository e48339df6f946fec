import { describe, expect, test } from 'vitest'
import { Neighbours } from '../../src/service/neighbours.ts'
import type { InstancePresence, Presence, ServiceAlert } from '../../src/types.ts'
import { alertOf } from '../wire/fixtures.ts'

const OTHER: InstancePresence = { instance: '9a31', lastBeatAgeMs: 1000, live: true, instanceStatus: 'healthy', phase: 'running' }

function presence(change: Partial<Presence> = {}): Presence {
  return { others: [OTHER], open: [], silent: [], clockSkewMs: 0, ...change }
}

function open(id: string, change: Partial<ServiceAlert> = {}): ServiceAlert {
  const { rule, service, state, severity, episode, since, message, value } = alertOf()
  return { ...{ id, rule, service, state, severity, episode, since, message, value }, asks: false, ofOthers: true, ...change }
}

test('nothing is known of anybody at first, and again when there is no answer', () => {
  const neighbours = new Neighbours()
  const known = () => [neighbours.others, neighbours.open, neighbours.clockSkewMs]
  expect(known()).toEqual([[], [], undefined])
  neighbours.observe(presence({ open: [open('a')], clockSkewMs: -1200 }))
  expect(known()).toEqual([[OTHER], [open('a')], -1200])
  neighbours.observe(undefined)
  expect(known()).toEqual([[], [], undefined])
})

test('a service that fell silent stays named when it is heard of again, and is left as it was when there is no answer', () => {
  const neighbours = new Neighbours()
  const seen = () => Object.fromEntries(neighbours.silent)
  neighbours.observe(presence({ silent: ['geocoding'] }))
  expect(seen()).toEqual({ geocoding: true })
  neighbours.observe(undefined)
  expect(seen()).toEqual({ geocoding: true })
  neighbours.observe(presence({ silent: ['notification'] }))
  expect(seen()).toEqual({ geocoding: false, notification: true })
  neighbours.observe(presence({ silent: ['geocoding'] }))
  expect(seen()).toEqual({ geocoding: true, notification: false })
})

describe('alerts of the service', () => {
  const own = alertOf({ id: 'a' })
  test.for([
    { why: 'what others have found is added to what is found here', own: [own], others: [open('b')], shown: ['a', 'b'] },
    { why: 'what is found here as well is shown as it is here', own: [own], others: [open('a', { severity: 'CRITICAL' })], shown: ['a'] },
    {
      why: 'what only this instance had found is shown as it is here: not any more',
      own: [],
      others: [open('a', { ofOthers: false })],
      shown: [],
    },
    {
      why: 'what is over here, but not with others, is shown as theirs',
      own: [alertOf({ id: 'a', state: 'resolved' })],
      others: [open('a', { message: 'theirs' })],
      shown: ['a', 'a theirs'],
    },
    {
      why: 'what only pends here while others fire it is shown as it is here',
      own: [alertOf({ id: 'a', state: 'pending' })],
      others: [open('a')],
      shown: ['a'],
    },
    { why: 'without others there is nothing but what is found here', own: [own], others: undefined, shown: ['a'] },
  ])('$why', ({ own: found, others, shown }) => {
    const neighbours = new Neighbours()
    neighbours.observe(others && presence({ open: others }))
    const all = neighbours.withThoseOfOthers(found)
    expect(all.map(({ id, message }) => (message === 'theirs' ? `${id} theirs` : id))).toEqual(shown)
    expect(all.slice(0, found.length)).toEqual(found)
  })
})
