import { createCipheriv, createECDH, createHash, type ECDH } from 'node:crypto'
import type { Position } from '../tracker-fetcher/decrypt-report.ts'

const APPLE_EPOCH_SECONDS = 978_307_200

/**
 * What finders do for one tracker. A real finder makes a new ephemeral key for every report; here one per tracker serves for
 * all, which spares two elliptic-curve operations a report. It would be unsafe where anything is secret.
 */
export class Finder {
  readonly #ephemeral: Buffer
  readonly #derived: Buffer

  /** `tracker` gives the public key only. */
  constructor(tracker: ECDH) {
    const ecdh = createECDH('secp224r1')
    this.#ephemeral = ecdh.generateKeys()
    const shared = ecdh.computeSecret(tracker.getPublicKey())
    this.#derived = createHash('sha256')
      .update(shared)
      .update(Buffer.from([0, 0, 0, 1]))
      .update(this.#ephemeral)
      .digest()
  }

  /** An encrypted report of 88 bytes, or of 89 as newer finders send it. */
  report(position: Position, length: 88 | 89 = 88): Buffer {
    const plain = Buffer.alloc(10)
    plain.writeInt32BE(Math.round(position.latitude * 1e7), 0)
    plain.writeInt32BE(Math.round(position.longitude * 1e7), 4)
    plain.writeUInt8(position.accuracy, 8)
    const cipher = createCipheriv('aes-128-gcm', this.#derived.subarray(0, 16), this.#derived.subarray(16), { authTagLength: 16 })
    const encrypted = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
    const head = Buffer.alloc(length - 83)
    head.writeUInt32BE(Math.floor(position.at / 1000) - APPLE_EPOCH_SECONDS, 0)
    head.writeUInt8(1, head.length - 1)
    return Buffer.concat([head, this.#ephemeral, encrypted])
  }
}
