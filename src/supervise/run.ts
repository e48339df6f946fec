/** `otel-health run`: the process around the supervisor. It has no Redis and little else in it, for one stands beside every service. */
import { writeSync } from 'node:fs'

import { holdProcess, systemClock } from '../clock.ts'
import { encodeStartedFor, isEndingSignal, STARTED_FOR, SUPERVISOR } from '../supervised/protocol.ts'
import type { StartedFor } from '../supervised/supervised.ts'
import { AnnouncerProcess } from './announcer-process.ts'
import { Child, OF_TERMINAL, PASSED_ON } from './child.ts'
import type { Effect, Event } from './events.ts'
import type { Exit } from './evidence.ts'
import { comesOf, hasProc, isInForeground, memoryOf, standingOf } from './proc.ts'
import { PassingOn } from './passing-on.ts'
import { stepAsideAsPidOne } from './pid-one.ts'
import type { Report } from './report.ts'
import { readRunOptions, RunUsageError, type RunOptions } from './run-options.ts'
import { newId, ServiceSocket } from './service-socket.ts'
import { Supervisor } from './supervisor.ts'
import { Systemd } from './systemd.ts'

const TICK_MS = 1000
const MEMORY_READ_MS = 5000
/** As a shell says it. */
const NOT_FOUND = 127
const NOT_STARTED = 126
const USAGE = 2
/** Longer than this a service does not outlive the launcher that started it unless it is made to end. Milliseconds. */
const ORPHAN_MS = 1000

/** Names of a service, one of which says that others know of it. */
const NAMES = ['HEALTH_SERVICE_NAME', 'OTEL_SERVICE_NAME']

/** Beside us once we are bundled; before that where it was written. Not by a URL: that takes memory. */
const OWN = import.meta.filename
const ANNOUNCER = OWN.endsWith('.ts')
  ? OWN.slice(0, -'supervise/run.ts'.length) + 'announce/main.ts'
  : OWN.slice(0, -'bin.cjs'.length) + 'announcer.js'

/** `args`: what stands after `run`. Ends the process. */
export function run(args: readonly string[]): void {
  try {
    const options = readRunOptions(args)
    stepAsideAsPidOne()
    new RunProcess(options).begin()
  } catch (error) {
    if (!(error instanceof RunUsageError)) throw error
    say(error.message)
    process.exit(USAGE)
  }
}

class RunProcess {
  readonly #options: RunOptions
  readonly #supervisor: Supervisor
  readonly #socket: ServiceSocket
  readonly #announcer: AnnouncerProcess
  readonly #systemd = new Systemd(process.env)
  readonly #passingOn = new PassingOn(systemClock, (signal) => this.#child?.signal(signal))
  #child: Child | undefined
  #hasStarted = false
  #memoryReadAt = 0
  #watchdogAt = 0
  #heardAt: number | undefined
  #isAsked = false
  /** How the launcher ended whose service lives on, and since when. */
  #orphan: { readonly exit: Exit; readonly since: number; wasTold: boolean } | undefined

  constructor(options: RunOptions) {
    const id = newId()
    this.#options = options
    this.#supervisor = new Supervisor({
      ...options,
      id,
      isNamed: NAMES.some((name) => process.env[name]?.trim()),
      random: Math.random,
    })
    this.#announcer = new AnnouncerProcess(ANNOUNCER, (heard) => this.#handle({ is: 'heard', heard }))
    this.#socket = new ServiceSocket({
      id,
      restarts: !options.watchOnly,
      isOurs: (pid) => !hasProc() || (this.#child?.pid !== undefined && comesOf(pid, this.#child.pid)),
      beat: (state, isInspected) => {
        this.#heardAt = systemClock.monotonicMs()
        this.#handle({ is: 'beat', state, isInspected })
      },
      ending: (request, action) => this.#handle({ is: 'ending', request, action }),
      signalled: (signal) => this.#passingOn.heard(signal),
      unlinked: () => this.#unlinked(),
    })
  }

  begin(): void {
    for (const signal of PASSED_ON) process.on(signal, () => this.#signalled(signal))
    // PM2 asks by a message in place of a signal; it is passed on with all others.
    if (process.send) process.on('message', (message) => message === 'shutdown' && this.#handle({ is: 'signalled', signal: 'SIGTERM' }))
    this.#handle({ is: 'begin' })
    const { trouble } = this.#socket
    if (trouble !== undefined) say(`Of the service only its end and its memory are seen, for ${trouble}.`)
    if (this.#options.maxMemoryBytes !== undefined && !hasProc()) say('--max-memory is not seen to here, for there is no /proc.')
    // Not unref'ed: while there is no process it keeps us alive.
    keepTicking(() => this.#tick())
  }

  #handle(event: Event): void {
    const now = systemClock.monotonicMs()
    for (const effect of this.#supervisor.handle(event, now)) this.#do(effect)
    this.#announcer.tell(dated(this.#supervisor.report(), now), now)
    if (this.#supervisor.phase === 'up') this.#systemd.ready()
  }

  #do(effect: Effect): void {
    switch (effect.do) {
      case 'start':
        this.#socket.leave(effect.interrupted)
        return this.#start(effect.startedFor)
      case 'look':
        return this.#handle({ is: 'seen', standing: standingOf(this.#pid ?? 0) })
      case 'drain':
        return this.#socket.drain(effect.why)
      case 'signal':
        return this.#signal(effect.signal)
      case 'say':
        return say(effect.text)
      case 'exit':
        return this.#end(effect.exit)
    }
  }

  /** Of the service: what was started, or what a launcher started in turn. */
  get #pid(): number | undefined {
    return this.#socket.pid ?? this.#child?.pid
  }

  #start(startedFor: StartedFor | undefined): void {
    const env = { ...process.env, [SUPERVISOR]: this.#socket.path, ...(startedFor && { [STARTED_FOR]: encodeStartedFor(startedFor) }) }
    this.#heardAt = undefined
    this.#passingOn.startAnew()
    try {
      this.#child = new Child(this.#options.command, env, {
        exited: (exit) => this.#exited(exit),
        failed: (error) => this.#notStarted(error),
      })
    } catch (error) {
      // As of a path that leads through a file, or more arguments than fit.
      return this.#notStarted(error as NodeJS.ErrnoException)
    }
    this.#hasStarted ||= this.#child.pid !== undefined
  }

  /** At first that is what whoever started us is told. Later it has ended like any other, and may be there again with the next try. */
  #notStarted({ code }: NodeJS.ErrnoException): void {
    say(`${JSON.stringify(this.#options.command[0])} cannot be started (${code ?? 'unknown error'}).`)
    const exit = { code: code === 'ENOENT' ? NOT_FOUND : NOT_STARTED, signal: null }
    if (this.#hasStarted) this.#handle({ is: 'exited', exit })
    else this.#end(exit)
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#socket
    if (pid === undefined || pid === this.#child?.pid) this.#child?.signal(signal)
    else kill(pid, signal)
  }

  /** A launcher may be gone while the service that it started lives on: another beside it would do its work twice. */
  #exited(exit: Exit): void {
    if (this.#socket.pid === undefined || this.#socket.pid === this.#child?.pid) this.#handle({ is: 'exited', exit })
    else this.#orphan = { exit, since: systemClock.monotonicMs(), wasTold: false }
  }

  #unlinked(): void {
    const orphan = this.#orphan
    this.#orphan = undefined
    this.#handle(orphan ? { is: 'exited', exit: orphan.exit } : { is: 'unlinked' })
  }

  #endOrphan(now: number): void {
    const orphan = this.#orphan
    const { pid } = this.#socket
    if (!orphan || pid === undefined) return
    const age = now - orphan.since
    if (age >= this.#options.killAfterMs + ORPHAN_MS) kill(pid, 'SIGKILL')
    else if (age >= ORPHAN_MS && !orphan.wasTold) {
      orphan.wasTold = true
      kill(pid, 'SIGTERM')
    }
  }

  #signalled(signal: NodeJS.Signals): void {
    const hasIt = OF_TERMINAL.includes(signal) && isInForeground()
    if (!hasIt) this.#passingOn.pass(signal, this.#socket.pid !== undefined)
    if (isEndingSignal(signal)) {
      this.#isAsked = true
      this.#systemd.stopping()
    }
    this.#handle({ is: 'signalled', signal })
  }

  #tick(): void {
    const now = systemClock.monotonicMs()
    this.#endOrphan(now)
    if (this.#options.maxMemoryBytes !== undefined && now - this.#memoryReadAt >= MEMORY_READ_MS) {
      this.#memoryReadAt = now
      const bytes = this.#pid === undefined ? undefined : memoryOf(this.#pid)
      if (bytes !== undefined) this.#handle({ is: 'memory', bytes })
    }
    this.#watchdog(now)
    this.#handle({ is: 'tick' })
  }

  /** While the service beats; of one that says nothing, while it lives. */
  #watchdog(now: number): void {
    const { watchdogMs } = this.#systemd
    if (watchdogMs === undefined || this.#isAsked || now - this.#watchdogAt < watchdogMs - TICK_MS) return
    const isSilent = this.#heardAt !== undefined && this.#socket.pid !== undefined && now - this.#heardAt >= this.#options.hangMs
    if (isSilent) return
    this.#watchdogAt = now
    this.#systemd.alive()
  }

  #end({ code, signal }: Exit): void {
    this.#systemd.stopping()
    this.#socket.close()
    if (signal === null) process.exit(code ?? 0)
    for (const each of PASSED_ON) process.removeAllListeners(each)
    process.kill(process.pid, signal)
    // A signal that ends nobody here (pid 1, or one that is ignored) is told by the code, as a shell does.
    process.exit(128 + process.getBuiltinModule('node:os').constants.signals[signal])
  }
}

/** Deaths by the time of day, for the announcer has a monotonic clock of its own. */
function dated({ death, ...report }: Report, now: number): Report {
  return { ...report, ...(death && { death: { ...death, at: Math.round(systemClock.epochMs() - (now - death.at)) } }) }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It is gone already.
  }
}

function keepTicking(tick: () => void): void {
  holdProcess(TICK_MS, () => {
    tick()
    keepTicking(tick)
  })
}

/** Not by the console, which takes memory. */
function say(text: string): void {
  try {
    writeSync(2, `otel-health: ${text}\n`)
  } catch {
    // Nobody reads it.
  }
}
