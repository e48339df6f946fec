/**
 * Whether less is done than a limit asks for, where work is owed. The evidence of a rate is pieces that come apart from one another, not
 * what is in them: a batch of 50 that comes every quarter of an hour leaves long gaps, and 200 an hour are no more than four pieces of evidence.
 *
 * Too little was done in a window if
 *
 * - at the limit, one by one, so little would be done at most once in 100 times (`AT_LIMIT`), and
 * - this service, as it was over the day before, would hardly do so little once in a month (`IN_A_MONTH`): its pieces come as often as they
 *   did, and as regularly.
 */
import { poissonAtMost } from './poisson.ts'
import { type Noted, ofPast } from './share-notes.ts'

/** Of the last seconds: see `CountsReading` for the windows that can be asked for. */
export interface Throughput extends Noted {
  /** What was done. */
  done(seconds: number): number
  /** Seconds in which work was owed. */
  owed(seconds: number): number
  readonly reachSeconds: number
}

export interface ThroughputFinding {
  readonly is: 'passed' | 'within' | 'unsure'
  readonly seconds: number
  readonly done: number
  readonly owedSeconds: number
  /** At the limit. */
  readonly expected: number
}

const MINUTE = 60
const HOUR = 3600
const DAY = 24 * HOUR
const MONTH_HOURS = 720

/** Seconds, shortest first. */
const WINDOWS = [10, 15, 20, 25, 28, 32, 36, 40, 43, 47, 52, 60, 75, 90, 120, 180, 240, 360, 540, 720, 1080, 1440].map(
  (minutes) => MINUTE * minutes,
)

const AT_LIMIT = 0.01
/** Expected false alarms a month of a service that goes on as it was. */
const IN_A_MONTH = 0.05
/** What could have been seen: at the limit as much is done at most this often. */
const POWER = 0.1
/** Where so much is expected at the limit, nothing at all would be done less than once in 100 times. */
const SEEN = 5
/** Stretches of the past that are assumed to be as uneven as chance makes them. */
const ASSUMED_STRETCHES = 2
/** How much more regular than found it may be: the upper end of the 95 % confidence interval of a variance of 24 stretches. */
const UNSURE_BY = 1.9
/** The same where nothing was ever done: nobody knows how large its pieces are. At 10 an hour after 43 minutes. */
const UNHEARD_OF = 8e-4
/** Nothing is more regular than this: one in seven of the unevenness of chance. */
const MOST_REGULAR = 0.15

/** `limit`: an hour, more than 0. `since`: windows reach back so far at most, in seconds. */
export function testThroughput(throughput: Throughput, limit: number, since: number = Infinity): ThroughputFinding {
  const look = (seconds: number) => {
    const owedSeconds = throughput.owed(seconds)
    return { seconds, done: throughput.done(seconds), owedSeconds, expected: (limit * owedSeconds) / HOUR }
  }
  const reach = Math.max(WINDOWS[0]!, Math.min(throughput.reachSeconds, since))
  for (const seconds of WINDOWS) {
    if (seconds > reach) break
    const window = look(seconds)
    if (poissonAtMost(window.done, window.expected) <= AT_LIMIT && isUnusual(throughput, limit, window)) return { is: 'passed', ...window }
    // The newest that tells decides: a stall that is over is still in the longer windows.
    if (isEnough(window)) return { is: 'within', ...window }
  }
  return { is: 'unsure', ...look(Math.min(HOUR, reach)) }
}

type Window = Omit<ThroughputFinding, 'is'>

/** More than luck would do at the limit, or no less than is expected where a stall would have been seen. */
function isEnough({ done, expected }: Window): boolean {
  return done >= expected && done > 0 && (expected >= SEEN || 1 - poissonAtMost(done - 1, expected) <= POWER)
}

function isUnusual(throughput: Throughput, limit: number, { seconds, owedSeconds, done, expected }: Window): boolean {
  const past = ofPast(throughput, seconds, () => pastOf(throughput, seconds))
  if (past.pieces === 0) return poissonAtMost(done, expected) <= UNHEARD_OF
  // At the limit its pieces would be as large as they are.
  const anHour = Math.max(past.piecesAnHour, limit / past.size)
  const pieces = done === 0 ? 0 : Math.min(done, piecesOf(throughput, 0, seconds))
  const clumped = past.unevenness
  const luck = poissonAtMost(Math.ceil(pieces / clumped), (anHour * owedSeconds) / HOUR / clumped)
  return luck * anHour * MONTH_HOURS <= IN_A_MONTH
}

interface Past {
  readonly pieces: number
  readonly piecesAnHour: number
  /** What is in a piece, on average. */
  readonly size: number
  /** Variance over mean of the pieces in an hour: 1 where they come by chance, less where they come regularly. */
  readonly unevenness: number
}

function pastOf(throughput: Throughput, to: number): Past {
  const from = Math.min(DAY, Math.max(to, throughput.reachSeconds))
  const done = throughput.done(from) - throughput.done(to)
  const pieces = piecesOf(throughput, to, from)
  if (pieces === 0) return { pieces, piecesAnHour: 0, size: 1, unevenness: 1 }
  const mean = pieces / hoursFor(pieces, throughput, to, from)
  let squares = ASSUMED_STRETCHES * mean
  let stretches = ASSUMED_STRETCHES
  for (let end = to + HOUR; end <= from; end += HOUR) {
    const piecesThen = piecesOf(throughput, end - HOUR, end)
    const hours = hoursFor(piecesThen, throughput, end - HOUR, end)
    if (hours < 0.5) continue
    squares += (piecesThen - mean * hours) ** 2 / hours
    stretches++
  }
  const found = squares / stretches / mean
  return {
    pieces,
    piecesAnHour: mean,
    size: Math.max(1, done / pieces),
    unevenness: found < 1 ? Math.max(MOST_REGULAR, Math.min(1, found * UNSURE_BY)) : found,
  }
}

/**
 * The hours in which work was owed: not less than the minutes in which some was done. A queue that is empty again after a second is not one
 * that does thousands an hour.
 */
function hoursFor(pieces: number, throughput: Throughput, to: number, from: number): number {
  return Math.max(pieces / 60, (throughput.owed(from) - throughput.owed(to)) / HOUR)
}

/** Minutes in which anything was done, between `to` and `from` seconds ago. */
function piecesOf(throughput: Throughput, to: number, from: number): number {
  let pieces = 0
  let done = throughput.done(to)
  for (let end = to + MINUTE; end <= from; end += MINUTE) {
    const older = throughput.done(end)
    if (older > done) pieces++
    done = older
  }
  return pieces
}
