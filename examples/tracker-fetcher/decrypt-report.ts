import { createDecipheriv, createHash, type ECDH } from 'node:crypto'

export interface Position {
  /** Epoch milliseconds at which a finder saw the tracker. */
  readonly at: number
  readonly latitude: number
  readonly longitude: number
  /** Metres. */
  readonly accuracy: number
}

/** Seconds from 1970 to 2001, where Apple's clocks begin. */
const APPLE_EPOCH_SECONDS = 978_307_200
const LENGTH = 88

/** When the report was made; this part of it is not encrypted. Epoch milliseconds. */
export function reportTime(payload: Buffer): number {
  return (payload.readUInt32BE(0) + APPLE_EPOCH_SECONDS) * 1000
}

/**
 * Decrypts one location report: time (4), confidence (1), the finder's ephemeral P-224 key (57), ciphertext (10), tag (16).
 * Newer finders send 89 bytes, with a zero after the time. Throws if the length, the key or the tag is wrong: a report that
 * can't be read is never a position.
 */
export function decryptReport(payload: Buffer, ecdh: ECDH): Position {
  if (payload.length !== LENGTH && payload.length !== LENGTH + 1) throw new Error(`a report has 88 or 89 bytes, not ${payload.length}`)
  const rest = payload.subarray(payload.length - LENGTH + 5)
  const ephemeral = rest.subarray(0, 57)
  const derived = createHash('sha256')
    .update(ecdh.computeSecret(ephemeral))
    .update(Buffer.from([0, 0, 0, 1]))
    .update(ephemeral)
    .digest()
  const decipher = createDecipheriv('aes-128-gcm', derived.subarray(0, 16), derived.subarray(16), { authTagLength: 16 })
  decipher.setAuthTag(rest.subarray(67))
  const plain = Buffer.concat([decipher.update(rest.subarray(57, 67)), decipher.final()])
  return {
    at: reportTime(payload),
    latitude: plain.readInt32BE(0) / 1e7,
    longitude: plain.readInt32BE(4) / 1e7,
    accuracy: plain.readUInt8(8),
  }
}
