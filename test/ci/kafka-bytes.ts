/** The primitive types of Kafka's protocol: numbers are big-endian, texts and lists have their length before them. */

export class KafkaReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#move(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#move(4))
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#move(8))
  }

  text(): string {
    const length = this.int16()
    return length < 0 ? '' : this.#take(length).toString()
  }

  bytes(): Buffer {
    const length = this.int32()
    return length < 0 ? Buffer.alloc(0) : this.#take(length)
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: Math.max(0, this.int32()) }, read)
  }

  skip(length: number): void {
    this.#move(length)
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  #take(length: number): Buffer {
    const at = this.#move(length)
    return this.#bytes.subarray(at, at + length)
  }

  #move(length: number): number {
    const at = this.#at
    this.#at += length
    return at
  }
}

export const int8 = (value: number): Buffer => Buffer.from([value])

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export function int64(value: bigint | number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

export const text = (value: string): Buffer => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])
export const sized = (value: Buffer): Buffer => Buffer.concat([int32(value.length), value])
export const list = (values: readonly Buffer[]): Buffer => Buffer.concat([int32(values.length), ...values])
