/** How long messages were on their way: each says when it was sent, on the clock that processes of a machine share. */

const SENT = /sent=(\d+)/

export class Latencies {
  #microseconds: number[] = []

  heard(text: string): void {
    const at = process.hrtime.bigint()
    const [, sent] = SENT.exec(text) ?? []
    if (sent !== undefined) this.#microseconds.push(Number(at - BigInt(sent)) / 1000)
  }

  /** Those since the last time. */
  take(): readonly number[] {
    const taken = this.#microseconds
    this.#microseconds = []
    return taken
  }
}

/** `q`: from 0 to 1. */
export function quantileOf(values: readonly number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))] ?? NaN
}
