/** Whether a share of bad events is over a limit, honest about small numbers. Pure. */
import { binomialTail } from '../judge/binomial.ts'

/** From this many events on, a share speaks for itself. */
const ENOUGH = 50
/** Fewer bad ones than this are never a breach of a small sample, however improbable. */
const LEAST_BAD = 3
/** A small sample is a breach if a service at the limit does as badly at most this often. */
const BREACH_TAIL = 0.005
/** A small sample is fine if a service at the limit does as well at most this often: what could not have failed proves nothing. */
const FINE_TAIL = 0.1

/** `limit`: share of bad events, 0 to 1. */
export function shareAgainst(bad: number, n: number, limit: number): 'passed' | 'within' | 'unsure' {
  if (n >= ENOUGH) return bad / n > limit + 1e-12 ? 'passed' : 'within'
  if (bad >= LEAST_BAD && binomialTail(bad, n, limit) <= BREACH_TAIL) return 'passed'
  return 1 - binomialTail(bad + 1, n, limit) <= FINE_TAIL ? 'within' : 'unsure'
}
