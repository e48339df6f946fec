import { hearChannels } from './channels.ts'
import { Control } from './control.ts'
import { isOn } from './fault-keys.ts'
import type { FeedEntry } from './feed.ts'
import { Lines } from './lines.ts'
import type { DemoOptions } from './options.ts'
import { printable } from './printable.ts'
import { announce } from './running-demos.ts'
import { ALL_SERVICES, FETCHER_ALONE } from './services.ts'
import { System } from './system.ts'
import { Terminal } from './terminal.ts'
import { watchAll, watchOne, type Watched } from './watched.ts'
import { duration } from './wording.ts'

const FAULT_POLL_MS = 1000
const FIGURES_LINE_MS = 10_000
/** Of five services it would be too much. */
const ALL_FIGURES_LINE_MS = 30_000
/** The last message may still be on its way from Redis when the process that sent it is gone. */
const LAST_MESSAGE_MS = 300

type End = { readonly code: 0 } | { readonly code: 1; readonly sentence: string }

/** Runs until it is told to stop, the time is up or something fails. Resolves to the exit code; no child is left then. */
export async function runDemo({ seconds, screen, all }: DemoOptions, env: NodeJS.ProcessEnv, stop: AbortSignal): Promise<number> {
  const startedAt = Date.now()
  const end = Promise.withResolvers<End>()
  const finish = (): void => end.resolve({ code: 0 })
  const fail = (sentence: string): void => end.resolve({ code: 1, sentence })
  if (stop.aborted) return 0
  stop.addEventListener('abort', finish)
  // Whoever read our lines is gone.
  process.stdout.on('error', finish)

  const services = all ? ALL_SERVICES : FETCHER_ALONE
  const onServiceLine = (line: string, service: string): void =>
    all ? shown.say('stderr', `${service}: ${line}`, 'warning', Date.now()) : shown.say('fetcher', line, 'warning', Date.now(), line)
  const system = new System(env, { onDeath: fail, onServiceLine }, services)
  const write = (line: string): void => console.log(printable(line))
  const onNews = (entry: FeedEntry): void => {
    if (entry.source === 'metrics') lines?.figures()
    else if (entry.source === 'demo' && lines) console.error(printable(entry.text))
    else lines?.news(entry)
  }
  const watched = all ? watchAll(services, startedAt, onNews) : watchOne(system, onNews)
  const { shown } = watched
  const lines = screen ? undefined : new Lines(watched, write)

  let control: Control | undefined
  const readFaults = async (): Promise<void> => shown.setFaults((await control?.active()) ?? [], Date.now())
  const press = (key: string): void => {
    if (key === 'q' || key === '\x03') return finish()
    void pressed(key, control, watched)
      .then(readFaults)
      .catch((error: unknown) => shown.say('demo', (error as Error).message, 'bad', Date.now()))
  }
  const endsAt = seconds === undefined ? undefined : startedAt + 1000 * seconds
  const terminal: Terminal | undefined = screen
    ? new Terminal({
        output: process.stdout,
        input: process.stdin,
        lines: (size) => watched.screen(size, { now: Date.now(), startedAt, endsAt, keys: process.stdin.isTTY }),
        onKey: press,
      })
    : undefined
  if (endsAt !== undefined) setTimeout(finish, endsAt - Date.now())

  let withdraw = (): void => {}
  const start = async (): Promise<void> => {
    const { healthRedis, control: url, otlp, parts } = await system.startSurroundings()
    control = new Control(url)
    shown.otlp = otlp?.counts
    let up = true
    await hearChannels(healthRedis, {
      onMessage: (message) => {
        watched.hear(message, Date.now())
        terminal?.draw()
      },
      onView: (view) => watched.see(view, Date.now()),
      onConnection: (isUp) => {
        if (isUp !== up && !shown.stopping)
          shown.say('demo', `the connection to Redis ${isUp ? 'is back' : 'is lost'}`, isUp ? 'good' : 'bad', Date.now())
        up = isUp
      },
    })
    shown.parts = [...system.startServices(), ...parts]
    withdraw = announce({ pid: process.pid, control: url, startedAt })
    lines?.parts()
    setInterval(() => void readFaults().catch(() => {}), FAULT_POLL_MS)
    if (lines) setInterval(() => lines.figures(), all ? ALL_FIGURES_LINE_MS : FIGURES_LINE_MS)
  }
  start().catch((error: unknown) => fail((error as Error).message))

  const ended = await end.promise
  shown.stopping = true
  withdraw()
  if (ended.code === 1) shown.say('demo', ended.sentence, 'bad', Date.now())
  const killed = await system.stop()
  const running = watched.ends().filter(({ phase }) => phase !== 'stopped')
  if (running.length > killed.length) await new Promise((resolve) => setTimeout(resolve, LAST_MESSAGE_MS))
  terminal?.close()
  if (terminal) for (const { service, phase, status } of watched.ends()) write(`${service}: ${phase}, ${status}`)
  if (shown.parts.length > 0) {
    write(
      `The demo ran for ${duration(Date.now() - startedAt)}; alerts: ${shown.alertsFired} fired, ${shown.alertsResolved} resolved.${whoWasKilled(killed)}`,
    )
  }
  if (ended.code === 1 && terminal) console.error(printable(ended.sentence))
  return ended.code
}

async function pressed(key: string, control: Control | undefined, { tries, shown }: Watched): Promise<void> {
  if (key === 'c') return await control?.submitCode()
  const pressedFault = tries.find((fault) => fault.key === key)
  if (!pressedFault) return
  const { fault, settings } = pressedFault
  if (isOn(pressedFault, shown.faults)) await control?.off(fault)
  else await control?.on(fault, settings)
}

function whoWasKilled([first, ...others]: readonly string[]): string {
  if (first === undefined) return ''
  if (others.length === 0) return ` ${first} did not stop by itself and was killed.`
  return ` ${others.length + 1} services did not stop by themselves and were killed.`
}
