/** How a server is called, so that it can be reached later from elsewhere in the process. */
import { resolve } from 'node:path'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { addressOf, socketAddress } from '../../../src/instrument/clients/watched-connection.ts'

describe('addressOf', () => {
  test.for([
    { why: 'a host and a port', host: 'db', port: 5432, address: 'db:5432' },
    { why: 'a port that is text', host: 'db', port: '5432', address: 'db:5432' },
    { why: 'no host', host: undefined, port: 6379, address: 'localhost:6379' },
    { why: 'IPv6', host: '::1', port: 6379, address: '[::1]:6379' },
    { why: 'a path', host: '/run/redis.sock', port: 6379, address: '/run/redis.sock' },
    { why: 'a relative path', host: './run/redis.sock', port: 6379, address: resolve('run/redis.sock') },
  ])('$why', ({ host, port, address }) => {
    expect(addressOf(host, port)).toBe(address)
  })
})

describe('socketAddress', () => {
  test.for([
    { why: 'an absolute path', path: '/run/redis.sock', address: '/run/redis.sock' },
    { why: 'a relative path', path: './run/redis.sock', address: resolve('run/redis.sock') },
    { why: 'a file in the folder of the process', path: 'redis.sock', address: resolve('redis.sock') },
    { why: 'an abstract socket', path: '\0redis', address: '\0redis' },
    { why: 'what is no path', path: Symbol('socket'), address: 'Symbol(socket)' },
  ])('$why', ({ path, address }) => {
    expect(socketAddress(path)).toBe(address)
  })

  test('is the same when it is resolved again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (path) => {
        expect(socketAddress(socketAddress(path))).toBe(socketAddress(path))
      }),
    )
  })
})
