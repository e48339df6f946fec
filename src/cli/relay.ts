/** `otel-health relay`: passes alerts on to Alertmanager and webhooks until it is told to end. */
import { readFile } from 'node:fs/promises'
import { systemClock } from '../clock.ts'
import { maskedText } from '../credentials.ts'
import { poster } from '../relay/post.ts'
import { readRelayConfig, shownAddress, type RelayTarget } from '../relay/relay-config.ts'
import { Relay } from '../relay/relay.ts'
import type { RelayEvent } from '../relay/target-report.ts'
import { tryTargets } from '../relay/try-targets.ts'
import { cleanJson, cleanText } from '../wire/clean-text.ts'
import { allShards } from '../wire/names.ts'
import { toIso } from '../wire/iso-time.ts'
import type { Io } from './commands.ts'
import { connect, targetFrom } from './connection.ts'
import { CommandError, OK, UNHEALTHY, USAGE } from './outcome.ts'

export interface RelayFlags {
  /** File with the targets. */
  readonly config: string | undefined
  /** Sends a message of a test to each target, and ends. */
  readonly test: boolean
}

/** What is under way when it is told to end may take this long. */
const GRACE_MS = 2000

export async function relay(io: Io, { config, test }: RelayFlags): Promise<number> {
  if (config === undefined) throw new CommandError(USAGE, 'Which targets? Usage: otel-health relay --config <file> [--test]')
  const targets = await readTargets(config, io)
  return test ? tryOnce(io, targets) : run(io, targets)
}

async function readTargets(file: string, io: Io): Promise<readonly RelayTarget[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(USAGE, `${file} cannot be read (${error.code ?? 'unknown error'}).`)
  })
  try {
    return readRelayConfig(parse(text), io.env)
  } catch (error) {
    throw new CommandError(USAGE, `${file}: ${maskedText((error as Error).message)}`)
  }
}

/** Without the text that JSON.parse quotes: it may hold a password. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const [position] = /\(line \d+ column \d+\)|position \d+/.exec((error as Error).message) ?? []
    throw new Error(`it is no JSON${position === undefined ? '' : `, at ${position.replace(/^\(|\)$/g, '')}`}.`, { cause: error })
  }
}

async function tryOnce(io: Io, targets: readonly RelayTarget[]): Promise<number> {
  const tried = await tryTargets(targets, systemClock, poster(systemClock))
  for (const [i, { target, ok, outcome, took }] of tried.entries()) {
    const to = shownAddress(targets[i]!.url)
    io.out(
      io.json
        ? JSON.stringify({ target, to, ok, outcome, took_ms: took })
        : `${target} ${ok ? 'ok' : 'failed'}: ${outcome} (${to}, ${took} ms)`,
    )
  }
  return tried.every(({ ok }) => ok) ? OK : UNHEALTHY
}

async function run(io: Io, targets: readonly RelayTarget[]): Promise<number> {
  const say = ({ text, ...event }: RelayEvent) => {
    if (io.json) io.out(cleanJson({ at: toIso(systemClock.epochMs()), ...event, text }))
    else io.talk(cleanText(text))
  }
  const target = targetFrom(io.env)
  const shards = allShards(target.shards, target.hmacKey)
  const client = await connect(target, { reconnect: true })
  const passing = new Relay({ client, shards, targets, clock: systemClock, say })
  const ended = new Promise((resolve) => {
    io.signal.addEventListener('abort', resolve, { once: true })
  })
  passing.start()
  if (!io.signal.aborted) await ended
  await passing.stop(GRACE_MS)
  client.disconnect()
  const counts = passing.counts()
  const each = Object.entries(counts).map(
    ([name, { sent, retried, refused, trimmed, unreadable }]) =>
      `${name} took ${sent}, ${retried} attempts failed, ${refused} refused, ${trimmed} trimmed, ${unreadable} unreadable`,
  )
  say({ event: 'summary', text: `Ended: ${each.join('; ')}.`, targets: counts })
  return OK
}
