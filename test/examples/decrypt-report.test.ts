import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Finder } from '../../examples/simulators/encrypt-report.ts'
import { decryptReport, reportTime } from '../../examples/tracker-fetcher/decrypt-report.ts'
import { Fleet } from '../../examples/tracker-fetcher/fleet.ts'

const fleet = new Fleet('secret', { hot: 0, warm: 0, cold: 0 })
const { ecdh } = fleet.key('tracker-00001')
const finder = new Finder(ecdh)
const position = { at: Date.UTC(2026, 10, 22, 10), latitude: 52.5163, longitude: 13.3777, accuracy: 31 }

describe('decryptReport', () => {
  test('reads back what a finder sent, in both lengths', () => {
    const positions = fc.record({
      at: fc.integer({ min: 1_000_000_000, max: 2_000_000_000 }).map((seconds) => seconds * 1000),
      latitude: fc.integer({ min: -900_000_000, max: 900_000_000 }).map((degrees) => degrees / 1e7),
      longitude: fc.integer({ min: -1_800_000_000, max: 1_800_000_000 }).map((degrees) => degrees / 1e7),
      accuracy: fc.integer({ min: 0, max: 255 }),
    })
    const property = fc.property(positions, fc.constantFrom(88 as const, 89 as const), (sent, length) => {
      const payload = finder.report(sent, length)
      expect(payload).toHaveLength(length)
      expect(reportTime(payload)).toBe(sent.at)
      expect(decryptReport(payload, ecdh)).toEqual(sent)
    })
    fc.assert(property, { numRuns: 50 })
  })

  test.for([
    { why: 'a flipped bit in the ciphertext', at: 70, message: 'unable to authenticate data' },
    { why: 'a flipped bit in the tag', at: 80, message: 'unable to authenticate data' },
    { why: 'a flipped bit in the ephemeral key', at: 20, message: 'Public key is not valid for specified curve' },
  ])('throws, instead of giving a false position, for $why', ({ at, message }) => {
    const payload = finder.report(position)
    payload.writeUInt8(payload.readUInt8(at) ^ 1, at)
    expect(() => decryptReport(payload, ecdh)).toThrow(message)
  })

  test('throws for another tracker’s report and for a wrong length', () => {
    const payload = finder.report(position)
    expect(() => decryptReport(payload, fleet.key('tracker-00002').ecdh)).toThrow('unable to authenticate data')
    expect(() => decryptReport(payload.subarray(1), ecdh)).toThrow('88 or 89 bytes, not 87')
  })
})
