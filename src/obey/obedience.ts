/**
 * Does what people ask of an instance, one thing at a time and in order: each request is taken in Redis first, so that no two processes do it, and
 * its end is said there. Nothing is done of what came too late, or was asked before this process began.
 */
import type { Cancel, Clock } from '../types.ts'
import type { EndingAction, Supervised } from '../supervised/supervised.ts'
import { SAID_AGAIN_MS, type ControlAction, type ControlRequest, type DesiredState } from '../wire/control-request.ts'
import type { WorkInHand } from '../record/work-in-hand.ts'
import type { Answers, Asked } from './answers.ts'
import { decide } from './decide.ts'
import { drain } from './drain.ts'
import { heldReason, type Holding } from './holding.ts'
import type { QueueGrowth } from './queue-growth.ts'
import type { RestartTurn } from './restart-turn.ts'
import type { ServerTime } from './server-time.ts'

/** After which the process ends. */
const ENDING: readonly ControlAction[] = ['drain', 'stop', 'restart']

/** Milliseconds between two words on how far a drain is. */
const PROGRESS_MS = 2000

/** What of the work of a process waits while it is held. */
interface Pausable {
  readonly any: boolean
  /** By names: queue libraries. */
  readonly goesOn: readonly string[]
}

export interface ObedienceOptions {
  readonly instance: string
  readonly allow: readonly ControlAction[]
  readonly answers: Answers
  readonly holding: Holding
  readonly growth: Pick<QueueGrowth, 'begin' | 'words'>
  readonly inHand: Pick<WorkInHand, 'isSeen' | 'isNone' | 'begun' | 'now'>
  readonly pausable: () => Pausable
  /** Whether the service itself, or a signal, says that it is ending. */
  readonly saysDraining: () => boolean
  readonly supervised: Pick<Supervised, 'restarts' | 'ending'> | undefined
  /** When it may be started again beside others. */
  readonly turn: Pick<RestartTurn, 'take' | 'release'> | undefined
  readonly drainLimitMs: number
  readonly time: ServerTime
  readonly clock: Clock
  /** Sends SIGTERM to this process: what then happens is the service's own way to end. */
  readonly end: () => void
}

export class Obedience {
  readonly #options: ObedienceOptions
  #underWay: ControlRequest | undefined
  #calledOffBy: ControlRequest | undefined
  /** No longer waits for what it waits for: its turn, or the end of work in hand. */
  #callOff: Cancel | undefined
  /** For which request this process was sent SIGTERM. */
  #leavingFor: ControlRequest | undefined
  /** Its supervisor has it end. */
  #isDrainedAway = false

  constructor(options: ObedienceOptions) {
    this.#options = options
  }

  /** Resolves when it is taken or refused; what is done then goes on by itself. Never rejects. */
  async consider(request: ControlRequest): Promise<void> {
    const { answers } = this.#options
    const decision = decide(request, this.#ownState())
    if (decision.does === 'nothing') return
    if (decision.does === 'refuse') return answers.end(request, { state: 'refused', reason: decision.reason })
    if (request.action !== 'resume') this.#underWay = request
    if ((await answers.take(request)) === 'ours') void this.#do(request)
    else if (this.#underWay === request) this.#underWay = undefined
  }

  /** What this process is to be from its start, because somebody asked so before it was there. */
  comeBackHeld({ state, request }: { readonly state: DesiredState; readonly request: ControlRequest }): void {
    const { holding, time, growth } = this.#options
    growth.begin('it came back')
    holding.begin({ state, request, shown: { phase: 'paused', reason: heldReason(state, request, time.now()) } })
    this.#endInTime(request)
  }

  /** Its supervisor has found that to start it again can help: from now on there is no way back. */
  async drainFor(why: string): Promise<void> {
    if (this.#leavingFor || this.#isDrainedAway) return
    this.#isDrainedAway = true
    const { holding, inHand, clock, drainLimitMs, end } = this.#options
    const at = { state: 'stopped', shown: { phase: 'draining', reason: `draining: ${why}` } } as const
    await holding.pause(at).catch(() => holding.begin(at))
    await drain(inHand, clock, drainLimitMs).ended
    if (this.#leavingFor) return
    // What was asked before comes about with it.
    const asked = this.#underWay
    if (asked && ENDING.includes(asked.action)) this.#go(asked)
    else end()
  }

  /** In the tick in which the process says that it stops: what was asked has come about, or can't any more. */
  stopped(): void {
    const { answers, inHand, supervised } = this.#options
    const request = this.#leavingFor ?? this.#underWay
    const isSupervised = supervised?.restarts === true
    // Who starts it again says so when it runs, and who supervises it when it is gone.
    if (!request || (isSupervised && this.#leavingFor)) return
    const { count } = inHand.now()
    // What ended for another reason may be started again by who supervises it.
    const isMeant = !isSupervised && (request.action === 'stop' || request.action === 'drain')
    const isDone = isMeant && (count === 0 || request.action === 'stop')
    const left = count === 0 ? ', with nothing in hand' : ` with ${piecesOf(count)} in hand`
    answers.end(request, { state: isDone ? 'done' : 'failed', reason: `it has ended${isMeant ? '' : ' for another reason'}${left}` })
  }

  #ownState() {
    const { instance, allow, time, saysDraining, holding, pausable, inHand, supervised } = this.#options
    return {
      instance,
      allow,
      now: time.now(),
      underWay: this.#underWay,
      isEnding: this.#leavingFor !== undefined || this.#isDrainedAway || saysDraining(),
      held: holding.at?.state,
      isPausedInPart: holding.isPausedInPart,
      canPause: pausable().any,
      seesWork: inHand.isSeen,
      isRestarted: supervised?.restarts === true,
    }
  }

  async #do(request: ControlRequest): Promise<void> {
    const { answers, holding } = this.#options
    try {
      if (request.action === 'pause') await this.#pause(request)
      else if (request.action === 'resume' || request.action === 'start') await this.#resume(request)
      else await this.#leave(request)
    } catch (error) {
      answers.end(request, { state: 'failed', reason: (error as Error).message })
      // A pause that it was to take the place of holds again: its time may have come meanwhile.
      if (holding.at?.request) this.#endInTime(holding.at.request)
    } finally {
      if (this.#underWay === request) this.#calledOffBy = undefined
      if (this.#underWay === request && this.#leavingFor !== request) this.#underWay = undefined
    }
  }

  async #pause(request: ControlRequest): Promise<void> {
    const { answers, holding, time, inHand, pausable, growth } = this.#options
    if (!holding.at) growth.begin('it was paused')
    await holding.pause({ state: 'paused', request, shown: { phase: 'paused', reason: heldReason('paused', request, time.now()) } })
    if (this.#isCalledOff(request)) return
    this.#endInTime(request)
    const { count, oldestSeconds } = inHand.now()
    const inHandStill = inHand.isSeen && count > 0 ? `; ${piecesOf(count)} in hand will still be done` : ''
    answers.end(request, { state: 'done', reason: `it is paused${inHandStill}${goesOn(pausable())}`, inHand: count, oldestSeconds })
  }

  async #resume(request: ControlRequest): Promise<void> {
    const { answers, holding, growth } = this.#options
    if (this.#underWay && this.#underWay !== request) {
      this.#calledOffBy = request
      this.#callOff?.()
    }
    // A restart that waits for its turn works meanwhile.
    const isHeld = holding.at !== undefined || holding.isPausedInPart
    await holding.resume()
    answers.end(request, { state: 'done', reason: isHeld ? `it works again${growth.words()}` : 'it works on' })
  }

  /** Of a drain, a stop and a restart. */
  async #leave(request: ControlRequest): Promise<void> {
    const { answers, holding, growth, time, clock, inHand, drainLimitMs, turn, pausable } = this.#options
    const { action } = request
    if (action === 'restart') await this.#waitForTurn(request)
    if (this.#isCalledOff(request)) return turn?.release()
    const before = holding.at
    if (!before) growth.begin('it was paused')
    const at = { state: 'stopped', request, shown: { phase: 'draining', reason: heldReason('draining', request, time.now()) } } as const
    let begun: number | undefined
    /** What was taken just before may begin late: that is over at the second look. */
    const beginsStill = (): boolean => {
      const last = begun
      begun = inHand.begun
      return last !== undefined && begun > last
    }
    const saySo = (): void => answers.progress(request, { ...this.#progress(), ...(beginsStill() && { reason: whatGoesOn(pausable()) }) })
    const stopSaying = clock.every(PROGRESS_MS, saySo)
    try {
      await holding.pause(at).catch((error: unknown) => {
        // Who is to stop stops.
        if (action !== 'stop') throw error
        holding.begin(at)
      })
      answers.progress(request, this.#progress())
      if (this.#isCalledOff(request)) return
      const draining = drain(inHand, clock, drainLimitMs)
      this.#callOff = draining.callOff
      const end = action === 'stop' && !inHand.isSeen ? 'drained' : await draining.ended
      if (this.#isCalledOff(request) || end === 'called off') return
      if (end === 'drained' || action === 'stop') return this.#go(request)
      const after = `after ${drainLimitMs / 1000} s`
      const still = inHand.isNone
        ? `${after} ${whatGoesOn(pausable())}`
        : `${piecesOf(inHand.now().count)} still in hand ${after}${goesOn(pausable())}`
      if (this.#isDrainedAway) throw new Error(still)
      if (action === 'drain') {
        holding.begin({ ...at, shown: { phase: 'paused', reason: heldReason('paused', request, time.now()) } })
        throw new Error(`${still}; it stays paused until it is resumed`)
      }
      if (before) holding.begin(before)
      else await holding.resume()
      throw new Error(`${still}; it goes on as it did`)
    } finally {
      stopSaying()
      this.#callOff = undefined
      if (this.#leavingFor !== request) turn?.release()
    }
  }

  #go(request: ControlRequest): void {
    if (this.#leavingFor) return
    const { supervised, end, clock, answers, drainLimitMs } = this.#options
    this.#leavingFor = request
    const sentAt = clock.monotonicMs()
    supervised?.ending(request.id, request.action as EndingAction)
    end()
    const cancel = clock.every(SAID_AGAIN_MS, () => {
      const seconds = Math.round((clock.monotonicMs() - sentAt) / 1000)
      const reason = `it was sent SIGTERM ${seconds} s ago, and still runs`
      // Its supervisor makes it end.
      if (supervised?.restarts === true || seconds * 1000 < drainLimitMs) return answers.progress(request, { reason })
      cancel()
      answers.end(request, { state: 'failed', reason })
    })
  }

  /** Of all instances of a service only a share is started again at once, and none after one that could not be. */
  async #waitForTurn(request: ControlRequest): Promise<void> {
    const { turn, answers, clock } = this.#options
    if (!turn) return
    const cancel = clock.every(PROGRESS_MS, () => answers.progress(request, { reason: 'it waits until other instances are started again' }))
    const waiting = new AbortController()
    this.#callOff = () => waiting.abort()
    try {
      await turn.take(request, waiting.signal)
    } finally {
      this.#callOff = undefined
      cancel()
    }
  }

  #isCalledOff(request: ControlRequest): boolean {
    const by = this.#calledOffBy
    if (!by || this.#underWay !== request) return false
    this.#calledOffBy = undefined
    this.#options.answers.end(request, { state: 'failed', reason: `${by.actor} called it off: ${by.why}` })
    return true
  }

  #progress(): { readonly inHand: number; readonly oldestSeconds: number } {
    const { count, oldestSeconds } = this.#options.inHand.now()
    return { inHand: count, oldestSeconds }
  }

  /** A pause ends by itself, and says so. */
  #endInTime(request: ControlRequest): void {
    const { until } = request
    if (until === null) return
    const { clock, time, holding, answers, growth } = this.#options
    clock.after(Math.max(0, until - time.now()), () => {
      if (holding.at?.request?.id !== request.id) return
      const asked: Asked = request
      holding.resume().then(
        () => answers.end(asked, { state: 'ended', reason: `its time was up: it works again${growth.words()}` }),
        (error: unknown) => answers.end(asked, { state: 'ended', reason: `its time was up, but ${(error as Error).message}` }),
      )
    })
  }
}

function piecesOf(count: number): string {
  return count === 1 ? '1 piece of work' : `${count} pieces of work`
}

/** Why work begins although all that can be is paused. */
function whatGoesOn(pausable: Pausable): string {
  return sourcesThatGoOn(pausable) ?? 'work goes on that nothing here holds: name what takes it in control.holds of health.config'
}

/** The end of a sentence. */
function goesOn(pausable: Pausable): string {
  const words = sourcesThatGoOn(pausable)
  return words === undefined ? '' : `; ${words}`
}

function sourcesThatGoOn({ goesOn: sources }: Pausable): string | undefined {
  if (sources.length === 0) return undefined
  const shown = sources.slice(0, 5).join(', ')
  return `what cannot be paused goes on: ${shown}${sources.length > 5 ? ` and ${sources.length - 5} more` : ''}`
}
