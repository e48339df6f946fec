/** Seeded pseudo-random numbers, so that a run can be repeated. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** Lognormal with the given median; `sigma` is the standard deviation of the logarithm. */
  logNormal(median: number, sigma: number): number
  /** Time until the next event of a Poisson process, in units of 1/rate. */
  exponential(): number
}

/** xoshiro128** (Blackman and Vigna 2018), its state filled by splitmix32. `stream` makes independent sequences of one seed. */
export function seededRandom(seed: number, stream = ''): Random {
  let mix = seed >>> 0
  for (const char of stream) mix = (Math.imul(mix ^ char.codePointAt(0)!, 0x01000193) + 0x9e3779b9) >>> 0
  const split = (): number => {
    mix = (mix + 0x9e3779b9) >>> 0
    let z = mix
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
  let [a, b, c, d] = [split(), split(), split(), split()]
  const next = (): number => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotate(d, 11)
    return result / 2 ** 32
  }
  return {
    next,
    // Box-Muller; 1 - next() is never 0.
    logNormal: (median, sigma) => median * Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())),
    exponential: () => -Math.log(1 - next()),
  }
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}
