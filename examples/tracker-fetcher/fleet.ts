import { createECDH, createHash, hkdfSync, type ECDH } from 'node:crypto'

export type HomeTier = 'hot' | 'warm' | 'cold'

/** How many trackers start in which tier. */
export type FleetSize = Readonly<Record<HomeTier, number>>

export interface TrackerKey {
  /** What Apple knows the tracker by: base64 of SHA-256 of the advertised P-224 X coordinate. */
  readonly keyId: string
  readonly ecdh: ECDH
}

/** The trackers of this service. Keys are derived from one secret and the tracker's id, so there is no key store to lose. */
export class Fleet {
  readonly #secret: string
  readonly #size: FleetSize
  readonly #keys = new Map<string, TrackerKey>()

  constructor(secret: string, size: FleetSize) {
    this.#secret = secret
    this.#size = size
  }

  /** Every scheduled tracker with the tier it starts in. */
  *trackers(): Generator<{ id: string; tier: HomeTier }> {
    let index = 0
    for (const tier of ['hot', 'warm', 'cold'] as const) {
      for (let i = 0; i < this.#size[tier]; i++) yield { id: trackerId(index++), tier }
    }
  }

  key(id: string): TrackerKey {
    let key = this.#keys.get(id)
    if (!key) {
      key = deriveKey(this.#secret, id)
      this.#keys.set(id, key)
    }
    return key
  }
}

export function trackerId(index: number): string {
  return `tracker-${String(index).padStart(5, '0')}`
}

/** A quarter hot, a quarter warm, the rest cold. */
export function splitFleet(count: number): FleetSize {
  const quarter = Math.floor(count / 4)
  return { hot: quarter, warm: quarter, cold: count - 2 * quarter }
}

function deriveKey(secret: string, id: string): TrackerKey {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', id, 28))
  // The order of P-224 begins with 0xffffffff: clearing the top bit keeps every derived value below it.
  bytes.writeUInt8(bytes.readUInt8(0) & 0x7f, 0)
  const ecdh = createECDH('secp224r1')
  ecdh.setPrivateKey(bytes)
  const x = ecdh.getPublicKey().subarray(1, 29)
  return { keyId: createHash('sha256').update(x).digest('base64'), ecdh }
}
