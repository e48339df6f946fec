import { hearChannels } from './channels.ts'
import { Control } from './control.ts'
import { FAULT_KEYS, isOn } from './fault-keys.ts'
import type { FeedEntry } from './feed.ts'
import type { DemoOptions } from './options.ts'
import { printable } from './printable.ts'
import { announce } from './running-demos.ts'
import { screenLines } from './screen.ts'
import { System } from './system.ts'
import { Terminal } from './terminal.ts'
import { View } from './view.ts'
import { clockTime, duration } from './wording.ts'

const FAULT_POLL_MS = 1000
const METRICS_LINE_MS = 10_000
/** The last message may still be on its way from Redis when the process that sent it is gone. */
const LAST_MESSAGE_MS = 300

type End = { readonly code: 0 } | { readonly code: 1; readonly sentence: string }

/** Runs until it is told to stop, the time is up or something fails. Resolves to the exit code; no child is left then. */
export async function runDemo({ seconds, screen }: DemoOptions, env: NodeJS.ProcessEnv, stop: AbortSignal): Promise<number> {
  const startedAt = Date.now()
  const end = Promise.withResolvers<End>()
  const finish = (): void => end.resolve({ code: 0 })
  const fail = (sentence: string): void => end.resolve({ code: 1, sentence })
  if (stop.aborted) return 0
  stop.addEventListener('abort', finish)
  // Whoever read our lines is gone.
  process.stdout.on('error', finish)

  const system = new System(env, {
    onDeath: fail,
    onFetcherLine: (line) => view.say('fetcher', line, 'warning', Date.now(), line),
  })
  const write = (line: string): void => console.log(printable(line))
  const onNews = (entry: FeedEntry): void => {
    if (entry.source === 'metrics') lines?.metrics()
    else if (entry.source === 'demo' && lines) console.error(printable(entry.text))
    else lines?.news(entry)
  }
  const view = new View(system.options.serviceName, system.options.settings, onNews)
  const lines = screen ? undefined : new Lines(view, write)

  let control: Control | undefined
  const readFaults = async (): Promise<void> => view.setFaults((await control?.active()) ?? [], Date.now())
  const press = (key: string): void => {
    if (key === 'q' || key === '\x03') return finish()
    void pressed(key, control, view)
      .then(readFaults)
      .catch((error: unknown) => view.say('demo', (error as Error).message, 'bad', Date.now()))
  }
  const endsAt = seconds === undefined ? undefined : startedAt + 1000 * seconds
  const terminal: Terminal | undefined = screen
    ? new Terminal({
        output: process.stdout,
        input: process.stdin,
        lines: (size) => screenLines(view, size, { now: Date.now(), startedAt, endsAt, keys: process.stdin.isTTY }),
        onKey: press,
      })
    : undefined
  if (endsAt !== undefined) setTimeout(finish, endsAt - Date.now())

  let withdraw = (): void => {}
  const start = async (): Promise<void> => {
    const { healthRedis, control: url, otlp, parts } = await system.startSurroundings()
    control = new Control(url)
    view.otlp = otlp?.counts
    let up = true
    await hearChannels(healthRedis, view.service, {
      onMessage: (message) => {
        view.hear(message, Date.now())
        terminal?.draw()
      },
      onConnection: (isUp) => {
        if (isUp !== up && !view.stopping)
          view.say('demo', `the connection to Redis ${isUp ? 'is back' : 'is lost'}`, isUp ? 'good' : 'bad', Date.now())
        up = isUp
      },
    })
    view.parts = [system.startFetcher(), ...parts]
    withdraw = announce({ pid: process.pid, control: url, startedAt })
    lines?.parts()
    setInterval(() => void readFaults().catch(() => {}), FAULT_POLL_MS)
    if (lines) setInterval(() => lines.metrics(), METRICS_LINE_MS)
  }
  start().catch((error: unknown) => fail((error as Error).message))

  const ended = await end.promise
  view.stopping = true
  withdraw()
  if (ended.code === 1) view.say('demo', ended.sentence, 'bad', Date.now())
  const graceful = await system.stop()
  if (view.status && graceful && view.status.phase !== 'stopped') await new Promise((resolve) => setTimeout(resolve, LAST_MESSAGE_MS))
  terminal?.close()
  if (terminal && view.status) write(`${view.service}: ${view.status.phase}, ${view.status.status}`)
  if (view.parts.length > 0) {
    const killed = graceful ? '' : ' The fetcher did not stop by itself and was killed.'
    write(
      `The demo ran for ${duration(Date.now() - startedAt)}; alerts: ${view.alertsFired} fired, ${view.alertsResolved} resolved.${killed}`,
    )
  }
  if (ended.code === 1 && terminal) console.error(printable(ended.sentence))
  return ended.code
}

async function pressed(key: string, control: Control | undefined, view: View): Promise<void> {
  if (key === 'c') return await control?.submitCode()
  const pressedFault = FAULT_KEYS.find((fault) => fault.key === key)
  if (!pressedFault) return
  const { fault, settings } = pressedFault
  if (isOn(pressedFault, view.faults)) await control?.off(fault)
  else await control?.on(fault, settings)
}

/** What happens as plain lines, for logs and pipes. */
class Lines {
  readonly #view: View
  readonly #write: (line: string) => void

  constructor(view: View, write: (line: string) => void) {
    this.#view = view
    this.#write = write
  }

  news({ at, source, text }: FeedEntry): void {
    this.#line(at, source, text)
  }

  parts(): void {
    const now = Date.now()
    for (const { name, address, detail } of this.#view.parts) this.#line(now, 'runs', `${name} ${address}${detail ? ` (${detail})` : ''}`)
    for (const { fault, settings, title, seen } of FAULT_KEYS) {
      this.#line(now, 'try', `npm run fault -- ${fault} on${settings.probability ? ` ${settings.probability}` : ''}   ${title}: ${seen}`)
    }
  }

  metrics(): void {
    const now = Date.now()
    if (!this.#view.metrics) return
    const rows = this.#view.metricRows(now).map(({ name, value }) => `${name.toLowerCase()} ${value}`)
    const { otlp } = this.#view
    this.#line(now, 'metrics', [...rows, ...(otlp ? [`otlp ${otlp.requests} requests, ${otlp.dataPoints} points`] : [])].join(' | '))
  }

  #line(at: number, source: string, text: string): void {
    this.#write(`${clockTime(at)} ${source.padEnd(8)} ${text}`)
  }
}
