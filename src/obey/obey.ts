/** Puts together what obeys in a process that is watched: what people ask over Redis, and what its supervisor asks. */
import { allowedBy, type ControlConfig } from '../config/control-config.ts'
import { redisTargetOf } from '../config/redis-target.ts'
import type { Controlled } from '../service/controlled.ts'
import type { SpeaksBy, Supervised } from '../supervised/supervised.ts'
import type { Cancel, Clock } from '../types.ts'
import { shardOf, toInstanceName } from '../wire/names.ts'
import { Answers } from './answers.ts'
import { Holding, type Waiting } from './holding.ts'
import { Listening } from './listening.ts'
import { Obedience } from './obedience.ts'
import { QueueGrowth } from './queue-growth.ts'
import { RestartTurn } from './restart-turn.ts'
import { ServerTime } from './server-time.ts'

/** Milliseconds between two words to the supervisor. */
const BEAT_MS = 1000
/** Milliseconds for which nothing is taken at the start, until it is known what the process is to be; without an answer by then it works. */
const HELD_AT_START_MS = 1000

export interface ObeyOptions {
  readonly controlled: Controlled
  readonly control: ControlConfig | undefined
  readonly waiting: Waiting
  readonly pausable: () => { readonly any: boolean; readonly goesOn: readonly string[] }
  readonly supervised: Supervised | undefined
  readonly clock: Clock
  /** How long this process has been there, in milliseconds. */
  readonly age: () => number
  /** Sends SIGTERM to this process. */
  readonly end: () => void
}

/** Before the monitor starts. Where nothing is allowed Redis is asked nothing. */
export function obey(options: ObeyOptions): Cancel {
  const { controlled, control, waiting, pausable, supervised, clock, age, end } = options
  const { publishedTo, settings, inHand, service } = controlled
  const allow = allowedBy(control)
  if (allow.length === 0 && !supervised) return () => {}
  const instance = toInstanceName(controlled.instance)
  const { shards, hmacKey } = redisTargetOf(settings)
  const names = shardOf(service, shards ?? 1, hmacKey)
  const connection = publishedTo?.connection ?? NO_CONNECTION
  const time = new ServerTime(clock)
  const answers = new Answers({ connection, names, service, instance, clock, time })
  const holding = new Holding({ waiting, hooks: control ?? {}, show: (shown) => controlled.hold(shown), clock })
  const liveWithinMs = 3 * settings.publishingInterval * 1000
  const turn = supervised && new RestartTurn({ connection, recovery: { names, service, holder: supervised.id, liveWithinMs }, clock })
  const growth = new QueueGrowth(() => controlled.waiting)
  const obedience = new Obedience({
    ...{ instance, allow, answers, holding, inHand, pausable, supervised, turn, time, clock, end },
    growth,
    saysDraining: () => controlled.saysDraining,
    drainLimitMs: settings.drainLimit * 1000,
  })
  controlled.pausedInPartIf(() => holding.isPausedInPart)
  controlled.onDraining(() => waiting.letGo())
  controlled.onStop(() => obedience.stopped())
  const cancels: Cancel[] = []
  if (publishedTo && allow.length > 0) {
    waiting.begin()
    const letStart = (): void => {
      if (!holding.at) waiting.end()
    }
    cancels.push(clock.after(HELD_AT_START_MS, letStart))
    const isSupervised = supervised !== undefined
    const listening = new Listening({
      ...{ connection: publishedTo.connection, names, service, instance, answers, obedience, time, clock, age, isSupervised },
      onKnown: letStart,
    })
    const keepsGrowth = clock.every(BEAT_MS, () => {
      if (holding.at) growth.goesOn()
    })
    cancels.push(() => listening.stop(), keepsGrowth, keepHooksCalled(holding, controlled, clock))
  }
  if (supervised) cancels.push(...beSupervised({ controlled, supervised, obedience, answers, allow, clock }))
  return () => {
    for (const cancel of cancels.toReversed()) cancel()
  }
}

/**
 * A service that is held from its start is asked to pause what it pauses itself until it can: its own parts may not be there yet. It is asked as long to
 * let go on what it could not let go on when it was resumed.
 */
function keepHooksCalled(holding: Holding, controlled: Controlled, clock: Clock): Cancel {
  return clock.every(BEAT_MS, () => {
    if (holding.at && controlled.standing.phase !== 'starting') holding.pauseByHook().catch(() => {})
    else if (holding.isPausedInPart) holding.resumeByHook().catch(() => {})
  })
}

interface SupervisedParts extends Pick<ObeyOptions, 'controlled' | 'clock'> {
  readonly supervised: Supervised
  readonly obedience: Obedience
  readonly answers: Answers
  readonly allow: ReturnType<typeof allowedBy>
}

function beSupervised({ controlled, supervised, obedience, answers, allow, clock }: SupervisedParts): readonly Cancel[] {
  const { settings, inHand, service } = controlled
  const speaksBy: SpeaksBy = {
    redis: redisTargetOf(settings),
    publishingIntervalSeconds: settings.publishingInterval,
    retentionHours: settings.retentionHours,
  }
  let owed = supervised.startedFor
  const beat = (): void => {
    const { phase, instanceStatus: status } = controlled.standing
    const said = { service, instance: toInstanceName(controlled.instance), phase, status, inHand: inHand.now(), allow, speaksBy }
    supervised.beat({ ...said, drainLimitSeconds: settings.drainLimit, recover: controlled.recoverable() })
    if (owed === undefined || phase === 'starting') return
    const asked = { id: owed.request, action: owed.action, expires: 0, instance: owed.instance }
    answers.end(asked, { state: 'done', reason: owed.action === 'start' ? 'it was started, and runs' : 'it was started again, and runs' })
    owed = undefined
  }
  controlled.supervisedIf(() => supervised.restarts)
  supervised.onDrain((why) => void obedience.drainFor(why))
  supervised.onInterrupted((work) => controlled.recordInterrupted(work))
  // A process that hangs as soon as it is ready has said at least that it is.
  controlled.onPhase(beat)
  return [clock.every(BEAT_MS, beat)]
}

/** Where the service publishes to nothing that could be asked. */
const NO_CONNECTION = {
  up: false,
  run: (): Promise<never> => Promise.reject(new Error('There is no connection to Redis.')),
}
