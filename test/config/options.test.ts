import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { OptionSources } from '../../src/config/options.ts'
import { parseResourceAttributes, resolveOptions } from '../../src/config/options.ts'

describe('the service is called as the first of these says', () => {
  const all = {
    code: { serviceName: 'code' },
    env: { HEALTH_SERVICE_NAME: 'health', OTEL_SERVICE_NAME: 'otel', OTEL_RESOURCE_ATTRIBUTES: 'service.name=resource' },
    config: { serviceName: 'config' },
    packageName: 'package',
  }
  test.for([
    { first: 'code', sources: all },
    { first: 'health', sources: { ...all, code: {} } },
    { first: 'otel', sources: { ...all, code: {}, env: { ...all.env, HEALTH_SERVICE_NAME: '' } } },
    {
      first: 'resource',
      sources: { ...all, code: {}, env: { ...all.env, HEALTH_SERVICE_NAME: undefined, OTEL_SERVICE_NAME: ' ' } },
    },
    { first: 'config', sources: { config: all.config, packageName: 'package', env: { OTEL_RESOURCE_ATTRIBUTES: 'service.name=' } } },
    { first: 'package', sources: { env: {}, packageName: 'package' } },
    { first: 'unknown_service', sources: { env: {} } },
  ] satisfies { first: string; sources: OptionSources }[])('$first', ({ first, sources }) => {
    expect(resolveOptions(sources).serviceName).toBe(first)
  })

  test('a changed name keeps what it was, so that it can be said', () => {
    expect(resolveOptions({ env: { HEALTH_SERVICE_NAME: 'Tracker Fetcher' } })).toMatchObject({
      serviceName: 'tracker_fetcher',
      originalServiceName: 'Tracker Fetcher',
    })
    expect(resolveOptions({ env: { HEALTH_SERVICE_NAME: 'fetcher' } }).originalServiceName).toBeUndefined()
  })

  test.for([
    {
      sources: { env: { HEALTH_SERVICE_NAME: '日本' } },
      says: 'The service name "日本" has no letter or digit that can be used: set HEALTH_SERVICE_NAME to a name of a-z, 0-9, ".", "_" or "-".',
    },
    {
      sources: { env: {}, code: { serviceName: '' } },
      says: 'The option serviceName is "", expected a text that is not empty.',
    },
    {
      sources: { env: {}, code: { serviceName: 42 as unknown as string } },
      says: 'The option serviceName is 42, expected a text that is not empty.',
    },
    {
      sources: { env: {}, code: { instance: {} as unknown as string } },
      says: 'The option instance is {}, expected a text that is not empty.',
    },
  ])('$says', ({ sources, says }) => {
    expect(() => resolveOptions(sources)).toThrow(new Error(says))
  })
})

test.for([
  { why: 'an instance given in code wins', code: { instance: 'a' }, text: 'service.instance.id=b', instance: 'a' },
  { why: 'else it is service.instance.id', text: 'service.name=x,service.instance.id=pod%2D7', instance: 'pod-7' },
  { why: 'an empty one is none', text: 'service.instance.id=', instance: undefined },
  { why: 'nothing says who it is', text: undefined, instance: undefined },
])('instance: $why', ({ code, text, instance }) => {
  expect(resolveOptions({ env: { OTEL_RESOURCE_ATTRIBUTES: text }, ...(code && { code }) }).instance).toBe(instance)
})

describe('what the service depends on', () => {
  const env = { HEALTH_SERVICE_NAME: 'geofence' }
  test.for([
    { why: 'nobody says so', is: [] },
    { why: 'health.config says so', config: ['redis'], is: ['redis'] },
    { why: 'what is given in code replaces that', code: ['geocoding'], config: ['redis'], is: ['geocoding'] },
    { why: 'an empty list in code does, too', code: [], config: ['redis'], is: [] },
  ])('$why: $is', ({ code, config, is }) => {
    const sources = { env, ...(code && { code: { dependsOn: code } }), ...(config && { config: { dependsOn: config } }) }
    expect(resolveOptions(sources).dependsOn).toEqual(is)
  })

  test.for([
    {
      sources: { env, code: { dependsOn: ['redis', 'geofence'] } },
      says: 'The option dependsOn names "geofence", which is the service itself, expected others: leave it out.',
    },
    {
      sources: { env, config: { dependsOn: ['geofence'] } },
      says: 'dependsOn in health.config names "geofence", which is the service itself, expected others: leave it out.',
    },
    {
      sources: { env, code: { dependsOn: ['a', 'a'] } },
      says: 'The option dependsOn[1] is "a" once more, expected each name once: leave it out.',
    },
  ])('$says', ({ sources, says }) => {
    expect(() => resolveOptions(sources)).toThrow(new Error(says))
  })
})

describe('OTEL_RESOURCE_ATTRIBUTES is read as the OTel SDK reads it', () => {
  test.for([
    { why: 'pairs are separated by commas', text: 'a=1,b=2', is: { a: '1', b: '2' } },
    { why: 'blanks around keys and values are dropped', text: ' a = 1 , b = 2 ', is: { a: '1', b: '2' } },
    { why: 'keys and values are percent-decoded', text: 'a%3D=1%2C%202', is: { 'a=': '1, 2' } },
    { why: 'a value may be empty', text: 'a=', is: { a: '' } },
    { why: 'an empty pair is skipped', text: 'a=1,,b=2,', is: { a: '1', b: '2' } },
    { why: 'the last of two wins', text: 'a=1,a=2', is: { a: '2' } },
    { why: 'unset is none', text: undefined, is: {} },
    { why: 'empty is none', text: '', is: {} },
    { why: 'a pair without = voids all', text: 'a=1,b', is: {} },
    { why: 'a pair with two = voids all', text: 'a=1,b=2=3', is: {} },
    { why: 'an empty key voids all', text: 'a=1,=2', is: {} },
    { why: 'a broken escape voids all', text: 'a=1,b=%zz', is: {} },
    { why: 'a value of more than 255 characters voids all', text: `a=1,b=${'x'.repeat(256)}`, is: {} },
    { why: 'a hostile key is a key', text: '__proto__=1', is: JSON.parse('{"__proto__":"1"}') as object },
  ])('$why', ({ text, is }) => {
    expect(parseResourceAttributes(text)).toEqual(is)
  })

  test('whatever was encoded comes back', () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => text === text.trim() && text !== '__proto__')
    fc.assert(
      fc.property(fc.dictionary(part, part), (attributes) => {
        const text = Object.entries(attributes).map((pair) => pair.map(encodeURIComponent).join('='))
        expect(parseResourceAttributes(text.join(','))).toEqual({ ...attributes })
      }),
    )
  })

  test('no text makes it throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parseResourceAttributes(text)).toBeTypeOf('object')
      }),
    )
  })
})
