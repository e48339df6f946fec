/** Interleaved measurement: variants take turns in one process, so that a machine that changes speed changes it for all of them. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes ever allocated on the heap, collected or not; Node 26 counts them. */
function allocated(): number {
  const { total_allocated_bytes: bytes } = getHeapStatistics() as unknown as { total_allocated_bytes?: number }
  if (bytes === undefined) throw new Error(`Node ${process.version} does not count allocations: use Node 26.`)
  return bytes
}

export interface Variant {
  readonly name: string
  /** Does its work `n` times. */
  readonly run: (n: number) => void
  /** How often at a time, so that a turn takes long enough to be measured. */
  readonly n: number
}

export interface Measured {
  readonly name: string
  /** Nanoseconds per operation, median and least of all rounds. */
  readonly median: number
  readonly min: number
  /** Bytes allocated per operation, of the round that allocated least. */
  readonly bytes: number
}

/** One measurement for each variant, in their order. */
export function measure<const V extends readonly Variant[]>(variants: V, rounds: number = 15): { readonly [I in keyof V]: Measured } {
  const times = variants.map((): number[] => [])
  const bytes = variants.map(() => Infinity)
  for (const variant of variants) variant.run(variant.n)
  for (let round = 0; round < rounds; round++) {
    for (const [index, { run, n }] of variants.entries()) {
      collectGarbage()
      const heap = allocated()
      const started = process.hrtime.bigint()
      run(n)
      times[index]!.push(Number(process.hrtime.bigint() - started) / n)
      bytes[index] = Math.min(bytes[index]!, (allocated() - heap) / n)
    }
  }
  const measured = variants.map(({ name }, index): Measured => {
    const sorted = times[index]!.toSorted((a, b) => a - b)
    return { name, median: sorted[Math.floor(sorted.length / 2)]!, min: sorted[0]!, bytes: bytes[index]! }
  })
  return measured as unknown as { readonly [I in keyof V]: Measured }
}

export function print(measured: readonly Measured[]): void {
  const width = Math.max(...measured.map(({ name }) => name.length))
  console.log(`${'variant'.padEnd(width)}  median ns     min ns  bytes/op`)
  for (const { name, median, min, bytes } of measured) {
    console.log(`${name.padEnd(width)}  ${median.toFixed(1).padStart(9)}  ${min.toFixed(1).padStart(9)}  ${bytes.toFixed(1).padStart(8)}`)
  }
}

/** Prints one bar and whether it is met; the exit code of the process becomes 1 if it is not. */
export function bar(what: string, figure: number, limit: number, sense: 'at least' | 'at most', unit: string): void {
  const met = sense === 'at least' ? figure >= limit : figure <= limit
  console.log(`${met ? 'PASS' : 'FAIL'}  ${what}: ${figure.toFixed(2)} ${unit} (${sense} ${limit})`)
  if (!met) process.exitCode = 1
}

/** Bytes that one of `count` things keeps, on the heap and in array buffers. */
export function weigh(make: () => unknown, count: number): number {
  const kept: unknown[] = new Array<unknown>(count)
  const used = (): number => {
    for (let i = 0; i < 3; i++) collectGarbage()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const before = used()
  for (let i = 0; i < count; i++) kept[i] = make()
  const after = used()
  return (after - before) / kept.length
}
