/**
 * What `otel-health run` decides: events in, effects out, no clock and no I/O. It starts again what ended unasked and what a restart can help,
 * within a budget. It never acts on a process that says that it is starting, paused or draining, and waits for work in hand.
 */
import { duration } from '../subscribe/duration.ts'
import { ENDING_SIGNALS, isEndingSignal } from '../supervised/protocol.ts'
import type { EndingAction, Interrupted, PieceInHand, ProcessState, StartedFor } from '../supervised/supervised.ts'
import type { Effect, Event, RunPhase, SupervisorOptions } from './events.ts'
import { evidenceIn, evidenceWords, exitWords, isSilent, type Evidence, type Exit, type Observed, type Standing } from './evidence.ts'
import { Interruptions, interruptionSentences } from './interruptions.ts'
import { aboutOf, type About, type Heard, type Report } from './report.ts'
import { Restarts } from './restarts.ts'
import { Telling } from './telling.ts'

/** Two ticks further apart: whoever was to be heard meanwhile could not be. */
const SUSPENDED_MS = 5000
/** Without an answer from Redis, or an announcer, within this it goes on without. */
const CLAIM_TIMEOUT_MS = 5000
const LONGEST_FAREWELL_MS = 3000

/** A process that was started, until it is gone. */
interface Run {
  readonly startedAt: number
  readonly startedFor: StartedFor | undefined
  readonly signals: Set<NodeJS.Signals>
  said: ProcessState | undefined
  /** What it had in hand when it was heard last: its link ends just before it does, and is the first that is heard of that. */
  inHand: readonly PieceInHand[]
  heardAt: number
  isInspected: boolean
  standing: Standing | undefined
  memory: readonly number[]
  readyAt: number | undefined
  ending: { readonly request: string; readonly action: EndingAction } | undefined
}

export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #restarts: Restarts
  readonly #interruptions = new Interruptions()
  readonly #telling = new Telling()
  #phase: RunPhase = 'waiting'
  /** When what the phase waits for is over. */
  #until: number | undefined
  #run: Run | undefined
  #effects: Effect[] = []
  #lastTick: number | undefined
  #about: About | undefined
  #evidence: Evidence | undefined
  /** It counts among the instances of the service that are restarted. */
  #isRecovering = false
  /** Of the last process, for the next. */
  #interrupted: readonly Interrupted[] = []
  #exit: Exit = { code: 0, signal: null }

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#restarts = new Restarts(options, options.random)
  }

  get phase(): RunPhase {
    return this.#phase
  }

  report(): Report {
    const recovery = this.#phase === 'claiming' ? 'take' : this.#isRecovering ? 'join' : undefined
    return {
      id: this.#options.id,
      ...(this.#about && { about: this.#about }),
      ...this.#telling.report(),
      ...(recovery && this.#canSpeak && { recovery }),
      listens: !this.#run && this.#canSpeak && ['waiting', 'stopped', 'gave up'].includes(this.#phase),
    }
  }

  /** `now`: milliseconds on the monotonic clock. */
  handle(event: Event, now: number): readonly Effect[] {
    this.#effects = []
    const run = this.#run
    if (event.is === 'begin') this.#start(undefined, now)
    else if (event.is === 'tick') this.#tick(now)
    else if (event.is === 'exited') this.#exited(event.exit, now)
    else if (event.is === 'signalled') this.#signalled(event.signal, now)
    else if (event.is === 'heard') this.#heard(event.heard, now)
    else if (!run) return []
    else if (event.is === 'beat') this.#beat(run, event.state, event.isInspected, now)
    else if (event.is === 'unlinked') run.said = undefined
    else if (event.is === 'ending') this.#ending(run, { request: event.request, action: event.action }, now)
    else if (event.is === 'memory') run.memory = [...run.memory, event.bytes].slice(-2)
    else {
      run.standing = event.standing
      this.#judge(now)
    }
    return this.#effects
  }

  /** Somebody is named of whom others can be told. */
  get #canSpeak(): boolean {
    return this.#about !== undefined || this.#options.isNamed
  }

  // ---- what runs ----

  #start(startedFor: StartedFor | undefined, now: number): void {
    this.#run = {
      ...{ startedAt: now, startedFor, signals: new Set(), said: undefined, inHand: [], heardAt: now, isInspected: false },
      ...{ standing: undefined, memory: [], readyAt: undefined, ending: undefined },
    }
    this.#effects.push({ do: 'start', ...(startedFor && { startedFor }), interrupted: this.#interrupted })
    this.#interrupted = []
    this.#enter('starting')
  }

  #beat(run: Run, state: ProcessState, isInspected: boolean, now: number): void {
    // How it reaches Redis is said once.
    const speaksBy = state.speaksBy ?? run.said?.speaksBy
    run.said = { ...state, ...(speaksBy && { speaksBy }) }
    run.inHand = state.inHand.oldest
    run.isInspected = isInspected
    run.heardAt = now
    run.standing = undefined
    this.#about = aboutOf(run.said)
    if (this.#phase === 'starting' && state.phase !== 'starting') this.#ready(run, now)
    this.#judge(now)
  }

  #ready(run: Run, now: number): void {
    run.readyAt = now
    this.#restarts.succeeded()
    this.#isRecovering = false
    this.#telling.lives(`${this.#options.what} runs again`)
    this.#enter('up')
  }

  #tick(now: number): void {
    const run = this.#run
    const isOver = this.#until !== undefined && now >= this.#until
    if (run && now - (this.#lastTick ?? now) > SUSPENDED_MS) run.heardAt = now
    this.#lastTick = now
    this.#telling.tick(now)
    if (this.#phase === 'starting' && run && !run.said && now - run.startedAt >= this.#options.graceMs) this.#ready(run, now)
    else if (this.#phase === 'draining' && run && (isOver || isSilent(this.#observed(run, now), this.#options))) this.#end('SIGTERM', now)
    else if (this.#phase === 'ending' && isOver) this.#kill(now)
    else if (this.#phase === 'waiting' && isOver) this.#start(undefined, now)
    else if (this.#phase === 'leaving' && isOver) this.#leave()
    this.#judge(now)
  }

  // ---- evidence ----

  #observed({ said, isInspected, standing, memory, heardAt }: Run, now: number): Observed {
    return { said, isInspected, standing, memory, silentMs: now - heardAt }
  }

  /** Of a process that is ready and has had its grace, and that nobody has asked to end. */
  #judge(now: number): void {
    const run = this.#run
    if (!run || (this.#phase !== 'up' && this.#phase !== 'claiming') || run.ending || this.#wasAsked(run)) return
    if (run.readyAt === undefined || now - run.readyAt < this.#options.graceMs) return
    const observed = this.#observed(run, now)
    if (isSilent(observed, this.#options) && run.standing === undefined) return void this.#effects.push({ do: 'look' })
    const evidence = evidenceIn(observed, this.#options)
    // A debugger lets go of it some time: it is looked again.
    if (run.standing === 'traced') run.standing = undefined
    const isNews = this.#evidence?.is !== evidence?.is
    this.#evidence = evidence
    if (evidence === undefined) {
      if (this.#phase === 'claiming') this.#enter('up')
      if (isNews && this.#telling.isDown) this.#telling.lives(`${this.#options.what} is well again`)
    } else if (this.#phase === 'claiming') {
      if (this.#until !== undefined && now >= this.#until) this.#recover(run, evidence, now)
    } else this.#found(evidence, isNews, now)
  }

  #found(evidence: Evidence, isNews: boolean, now: number): void {
    const { watchOnly, restart, what, random, longestLocalPauseMs, toldAgainMs } = this.#options
    const words = evidenceWords(evidence)
    if (watchOnly || restart === 'never') {
      if (isNews) this.#say(`${what} ${words}. It is left as it is (${this.#whyNever()}).`)
    } else if (!this.#restarts.allows(now)) {
      if (!isNews) return
      const message = `${what} ${words}. It is left as it is: ${this.#restarts.triesWords(now)}`
      this.#say(`${message}.`)
      this.#tellDown(message, now, toldAgainMs)
    } else {
      // Should nobody answer, all of a service are not to restart at once.
      this.#enter('claiming', now + CLAIM_TIMEOUT_MS + random() * longestLocalPauseMs)
    }
  }

  #recover(run: Run, evidence: Evidence, now: number): void {
    const words = evidenceWords(evidence)
    this.#isRecovering = true
    this.#say(`${this.#options.what} ${words}: it is started again.`)
    if (evidence.is === 'hang' || !run.said) return this.#end('SIGTERM', now)
    this.#effects.push({ do: 'drain', why: `it ${words}` })
    // It ends by itself when it has drained, or at its limit.
    this.#enter('draining', now + run.said.drainLimitSeconds * 1000 + this.#options.killAfterMs)
  }

  #end(signal: 'SIGTERM' | 'SIGKILL', now: number): void {
    this.#effects.push({ do: 'signal', signal })
    this.#enter('ending', now + this.#options.killAfterMs)
  }

  #kill(now: number): void {
    this.#say(`${this.#options.what} does not end by SIGTERM: it is ended by SIGKILL.`)
    this.#end('SIGKILL', now)
  }

  /** It has sent itself SIGTERM on request, with nothing in hand or at its limit. Its own way to end takes no longer than it may take to drain. */
  #ending(run: Run, ending: NonNullable<Run['ending']>, now: number): void {
    const { watchOnly, killAfterMs } = this.#options
    if (watchOnly) return
    run.ending = ending
    if (this.#phase !== 'ending') this.#enter('ending', now + (run.said?.drainLimitSeconds ?? 0) * 1000 + killAfterMs)
  }

  // ---- its end, and what follows ----

  #wasAsked({ signals }: Run): boolean {
    return ENDING_SIGNALS.some((signal) => signals.has(signal))
  }

  #exited(exit: Exit, now: number): void {
    const run = this.#run
    if (!run) return
    const found = this.#phase === 'draining' || this.#phase === 'ending' ? this.#evidence : undefined
    this.#run = undefined
    this.#evidence = undefined
    this.#exit = exit
    const isAsked = this.#wasAsked(run) || (exit.signal !== null && run.signals.has(exit.signal))
    const isFailure = exit.code !== 0
    if (exit.signal === 'SIGKILL' || (isFailure && !isAsked && !run.ending)) this.#noteInterrupted(run)
    if (isAsked) {
      if (run.ending) this.#answerEnding(run.ending, exit)
      return this.#endAs(exit, run, false, now)
    }
    if (run.ending) return this.#endedOnRequest(run, run.ending, exit, now)
    if (run.startedFor && run.readyAt === undefined)
      this.#telling.answer({ ...run.startedFor, state: 'failed', reason: `It ${exitWords(exit)} before it was running.` })
    const { restart, watchOnly } = this.#options
    if (!found && (watchOnly || restart === 'never' || (restart === 'on-failure' && !isFailure)))
      return this.#endAs(exit, run, isFailure, now)
    this.#startAgain(run, exit, found ? evidenceWords(found) : exitWords(exit), now)
  }

  #startAgain(run: Run, exit: Exit, why: string, now: number): void {
    const { what, exitOnGiveUp, toldAgainMs } = this.#options
    if (!this.#restarts.allows(now)) {
      const message = `${what} ${why}, and stays down: ${this.#restarts.triesWords(now)}`
      this.#isRecovering = false
      this.#died(run, exit, 'stays down, for it was started again too often', true, now)
      this.#say(exitOnGiveUp ? `${message}.` : `${message}. ${this.#whatStartsIt()}`)
      this.#tellDown(message, now, exitOnGiveUp ? undefined : toldAgainMs)
      return exitOnGiveUp ? this.#leaveOnceTold(now) : this.#enter('gave up')
    }
    const pause = this.#restarts.spend(`${why} after ${duration(now - run.startedAt)}`, now)
    const next = `is started again in ${Math.round(pause / 100) / 10} s (${this.#restarts.countWords(now)})`
    this.#isRecovering = true
    this.#died(run, exit, next, false, now)
    this.#say(`${what} ${exitWords(exit)}. It ${next}.`)
    this.#enter('waiting', now + pause)
  }

  #whatStartsIt(): string {
    const { service, allow } = this.#about ?? {}
    if (service === undefined || !allow?.includes('start'))
      return 'Nobody can ask for a start (control.allow of its health.config): a signal ends this.'
    return `otel-health ctl start ${service} has it started, a signal ends this.`
  }

  #endedOnRequest(run: Run, { request, action }: NonNullable<Run['ending']>, exit: Exit, now: number): void {
    const instance = this.#about?.instance ?? ''
    this.#isRecovering = action === 'restart'
    if (action === 'restart') return this.#start({ request, action, instance }, now)
    this.#died(run, exit, 'stays down until it is asked to start', true, now)
    this.#answerEnding({ request, action }, exit)
    this.#say(`${this.#options.what} was stopped on request. It stays down until it is asked to start.`)
    this.#enter('stopped')
  }

  /** It stays down. */
  #answerEnding({ request, action }: NonNullable<Run['ending']>, exit: Exit): void {
    const isDone = action !== 'restart'
    const reason = `It ${exitWords(exit)}${isDone ? '' : ', and its supervisor was asked to end meanwhile'}.`
    this.#telling.answer({ request, instance: this.#about?.instance ?? '', action, state: isDone ? 'done' : 'failed', reason })
  }

  /** The supervisor ends as the process did, once that was said of which the process itself cannot have spoken. */
  #endAs(exit: Exit, run: Run, isFailure: boolean, now: number): void {
    this.#isRecovering = false
    if (isFailure || exit.signal === 'SIGKILL') this.#died(run, exit, 'is not started again', true, now)
    if (isFailure) this.#tellDown(`${this.#options.what} ${exitWords(exit)}, and is not started again (${this.#whyNever()})`, now)
    this.#leaveOnceTold(now)
  }

  #whyNever(): string {
    return this.#options.watchOnly ? '--watch-only' : `--restart ${this.#options.restart}`
  }

  #signalled(signal: NodeJS.Signals, now: number): void {
    if (this.#run) return void this.#run.signals.add(signal)
    if (!isEndingSignal(signal) || this.#phase === 'leaving' || this.#phase === 'over') return
    this.#exit = { code: null, signal }
    this.#isRecovering = false
    this.#telling.staysDown('is not started again, for its supervisor was asked to end')
    this.#leaveOnceTold(now)
  }

  #leaveOnceTold(now: number): void {
    if (this.#telling.isDone) this.#leave()
    else this.#enter('leaving', now + LONGEST_FAREWELL_MS)
  }

  #leave(): void {
    this.#effects.push({ do: 'exit', exit: this.#exit })
    this.#enter('over')
  }

  // ---- what others are told ----

  #heard(heard: Heard, now: number): void {
    this.#telling.heard(heard)
    if (heard.is === 'recovery' && this.#phase === 'claiming' && this.#run && this.#evidence) {
      if (heard.granted) this.#recover(this.#run, this.#evidence, now)
      else this.#enter('claiming', now + CLAIM_TIMEOUT_MS + this.#options.random() * this.#options.longestLocalPauseMs)
    }
    if (heard.is === 'asked') this.#asked(heard, now)
    if (this.#phase === 'leaving' && this.#telling.isDone) this.#leave()
  }

  /** While nothing runs; what comes after another request that was carried out is not. */
  #asked({ action, request, instance }: Extract<Heard, { is: 'asked' }>, now: number): void {
    const { what } = this.#options
    if (!this.report().listens) {
      const reason = this.#run ? 'It is being started already.' : 'Its supervisor ends.'
      return this.#telling.answer({ request, instance, action, state: 'failed', reason })
    }
    this.#restarts.clear()
    this.#isRecovering = action !== 'stop'
    this.#say(action === 'stop' ? `${what} stays down, on request.` : `${what} is started on request.`)
    if (action !== 'stop') return this.#start({ request, action, instance }, now)
    this.#telling.answer({ request, instance, action, state: 'done', reason: 'It does not run, and is not started again.' })
    this.#telling.lives(`${what} stays down on request`)
    this.#telling.staysDown('stays down until it is asked to start')
    this.#enter('stopped')
  }

  #died({ startedAt }: Run, exit: Exit, next: string, staysDown: boolean, now: number): void {
    if (!this.#canSpeak) return
    const instance = this.#about?.instance
    const uptimeSeconds = Math.floor((now - startedAt) / 1000)
    this.#telling.died(exit, { ...(instance !== undefined && { instance }), at: now, uptimeSeconds, next, staysDown })
  }

  #tellDown(message: string, now: number, againMs?: number): void {
    if (this.#canSpeak) this.#telling.down(message, this.#about?.instance, now, againMs)
  }

  #noteInterrupted({ inHand }: Run): void {
    this.#interrupted = this.#interruptions.note(inHand)
    for (const sentence of interruptionSentences(this.#interrupted)) this.#say(`${sentence}.`)
  }

  #enter(phase: RunPhase, until?: number): void {
    this.#phase = phase
    this.#until = until
  }

  #say(text: string): void {
    this.#effects.push({ do: 'say', text })
  }
}
