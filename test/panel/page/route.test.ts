import fc from 'fast-check'
import { expect, test } from 'vitest'

import { addressOf, NO_FILTER, routeOf, type Route } from '../../../src/panel/page/route/route.ts'

function routeAt(address: string): Route {
  const [path = '', search = ''] = address.split('?')
  return routeOf(path, search)
}

test.for<{ readonly address: string; readonly route: Route }>([
  { address: '/', route: { screen: 'now', filter: NO_FILTER } },
  {
    address: '/?state=unhealthy,degraded&severity=CRITICAL&q=fet&unacked=1&group=1',
    route: { screen: 'now', filter: { q: 'fet', states: ['unhealthy', 'degraded'], severity: 'CRITICAL', unacked: true, grouped: true } },
  },
  { address: '/service/a%2Fb%20c', route: { screen: 'service', service: 'a/b c', hours: 1 } },
  { address: '/service/a?hours=24', route: { screen: 'service', service: 'a', hours: 24 } },
  { address: '/alert/8fc1?episode=3', route: { screen: 'alert', id: '8fc1', episode: 3 } },
  { address: '/map', route: { screen: 'map' } },
  { address: '/trends?range=30d&service=a', route: { screen: 'trends', range: '30d', service: 'a' } },
  { address: '/silences', route: { screen: 'silences' } },
  { address: '/journal?q=ada&service=a', route: { screen: 'journal', q: 'ada', service: 'a' } },
  { address: '/login?then=%2Fservice%2Fa', route: { screen: 'login', then: '/service/a' } },
])('$address leads to its screen, and the screen back to it', ({ address, route }) => {
  expect(routeAt(address)).toEqual(route)
  expect(addressOf(route)).toBe(address)
})

test.for([
  { address: '/nothing', says: 'a screen that there is not', route: { screen: 'nowhere' } },
  { address: '/service/a/b', says: 'more than there is', route: { screen: 'nowhere' } },
  { address: '/service/', says: 'a service without a name', route: { screen: 'nowhere' } },
  { address: '/service/%', says: 'what cannot be decoded is taken as it is', route: { screen: 'service', service: '%', hours: 1 } },
  { address: '/alert/a?episode=-1', says: 'an episode that is none', route: { screen: 'alert', id: 'a' } },
  {
    address: '/?state=red,healthy',
    says: 'a state that there is not',
    route: { screen: 'now', filter: { ...NO_FILTER, states: ['healthy'] } },
  },
  { address: '/login?then=//evil.example', says: 'another site', route: { screen: 'login', then: '/' } },
  { address: '/login?then=/%5Cevil.example', says: 'another site in other words', route: { screen: 'login', then: '/' } },
  { address: '/login?then=javascript:alert(1)', says: 'a script', route: { screen: 'login', then: '/' } },
])('$says: $address', ({ address, route }) => {
  expect(routeAt(address)).toEqual(route)
})

test('a service of any name has an address of its own', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (service) => {
      expect(routeAt(addressOf({ screen: 'service', service, hours: 6 }))).toEqual({ screen: 'service', service, hours: 6 })
    }),
  )
})
