import { createHmac } from 'node:crypto'

/** What anisette and Apple share, so that Apple can tell a genuine one-time password. */
const SECRET = 'simulated ADI'
const MAX_AGE_MS = 90_000
const MACHINE = Buffer.alloc(60, 'simulated machine ').toString('base64')
const DEVICE = '5C0A1E0E-0000-4000-8000-00000000F00D'

/** The ten headers of anisette v1, issued at `now` (epoch milliseconds). */
export function issueHeaders(now: number): Record<string, string> {
  const time = Buffer.alloc(8)
  time.writeBigUInt64BE(BigInt(Math.floor(now)))
  return {
    'X-Apple-I-Client-Time': `${new Date(now).toISOString().slice(0, 19)}Z`,
    'X-Apple-I-MD': Buffer.concat([time, sign(time)]).toString('base64'),
    'X-Apple-I-MD-M': MACHINE,
    'X-Apple-I-MD-RINFO': '17106176',
    'X-Apple-I-MD-LU': createHmac('sha256', SECRET).update('local user').digest('hex').toUpperCase(),
    'X-Apple-I-SRL-NO': '0',
    'X-MMe-Client-Info': '<iMac13,1> <macOS;13.6.4;22G513> <com.apple.AuthKit/1 (com.apple.akd/1.0)>',
    'X-Apple-I-TimeZone': 'UTC',
    'X-Apple-Locale': 'en_US',
    'X-Mme-Device-Id': DEVICE,
  }
}

/** Whether these (lower-case) request headers were issued here within the last 90 s. */
export function acceptHeaders(headers: Readonly<Record<string, string | string[] | undefined>>, now: number): boolean {
  const stamp = Buffer.from(String(headers['x-apple-i-md'] ?? ''), 'base64')
  if (stamp.length !== 28 || headers['x-apple-i-md-m'] !== MACHINE) return false
  const time = stamp.subarray(0, 8)
  const age = now - Number(time.readBigUInt64BE())
  return stamp.subarray(8).equals(sign(time)) && age <= MAX_AGE_MS && age >= -MAX_AGE_MS
}

function sign(time: Buffer): Buffer {
  return createHmac('sha1', SECRET).update(time).digest()
}
