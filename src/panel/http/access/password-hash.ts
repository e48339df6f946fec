/**
 * Passwords as they may be kept: `scrypt$<N>$<r>$<p>$<salt>$<key>`, salt and key in base64url. What it costs is as OWASP's password storage
 * cheat sheet advises for little memory: N 2^15, r 8, p 3, which is 32 MB and about a tenth of a second.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

interface Cost {
  readonly N: number
  readonly r: number
  readonly p: number
}

const COST: Cost = { N: 2 ** 15, r: 8, p: 3 }
const SALT_BYTES = 16
const KEY_BYTES = 32
const FORM = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([\w-]{16,86})\$([\w-]{43})$/
/** A hash that costs more would let a login stop the panel. */
const MOST_MEMORY = 64 * 1024 * 1024
const MOST_P = 16

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const key = await derive(password, salt, COST)
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), key.toString('base64url')].join('$')
}

/** `false` as well for a hash of another form. */
export async function isPassword(password: string, hash: string): Promise<boolean> {
  const kept = parse(hash)
  return kept !== undefined && timingSafeEqual(await derive(password, kept.salt, kept.cost), kept.key)
}

/** Whether it has the form that `hashPassword` makes, at a cost that can be borne. */
export function isPasswordHash(hash: string): boolean {
  return parse(hash) !== undefined
}

function parse(hash: string): { readonly cost: Cost; readonly salt: Buffer; readonly key: Buffer } | undefined {
  const [, N, r, p, salt, key] = FORM.exec(hash) ?? []
  const cost = { N: Number(N), r: Number(r), p: Number(p) }
  const isPower = Number.isInteger(Math.log2(cost.N)) && cost.N >= 2 ** 14
  const isBearable = 128 * cost.N * cost.r <= MOST_MEMORY && cost.r >= 1 && cost.p >= 1 && cost.p <= MOST_P
  if (!isPower || !isBearable) return undefined
  return { cost, salt: Buffer.from(salt!, 'base64url'), key: Buffer.from(key!, 'base64url') }
}

/** What looks the same and was typed on another keyboard is the same password. */
function derive(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, { ...cost, maxmem: 2 * MOST_MEMORY }, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}
