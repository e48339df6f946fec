/** Where the health Redis is, from the environment, and connections to it for the length of a command. */
import { resolveOptions, UNKNOWN_SERVICE, type Environment, type HealthOptions } from '../config/options.ts'
import { redisTargetOf } from '../config/redis-target.ts'
import type { Settings } from '../config/settings.ts'
import { connectionTrouble, refusal } from '../doctor/redis-trouble.ts'
import { createReader, type RedisClient, type RedisTarget } from '../wire/redis-client.ts'
import { reasonOf } from '../wire/redis-connection.ts'
import { CommandError, NO_CONNECTION, UNHEALTHY, USAGE } from './outcome.ts'

/** A command says within 3 s that there is no connection. */
const TIMEOUT_MS = 2000

/** Throws a usage error if a variable cannot be used. */
export function targetFrom(env: Environment): RedisTarget {
  return redisTargetOf(optionsFrom(env).settings)
}

/** Throws a usage error if a variable cannot be used. */
export function settingsFrom(env: Environment): Settings {
  return optionsFrom(env).settings
}

function optionsFrom(env: Environment): HealthOptions {
  try {
    return resolveOptions({ env })
  } catch (error) {
    throw new CommandError(USAGE, error instanceof Error ? error.message : String(error))
  }
}

/** The service that the environment names, as it is called in Redis. Throws a usage error if a variable cannot be used. */
export function serviceNamedBy(env: Environment): string | undefined {
  const { serviceName } = optionsFrom(env)
  return serviceName === UNKNOWN_SERVICE ? undefined : serviceName
}

/** Connected, or an error that says in one sentence why not. `onTrouble` hears of what goes wrong later. */
export async function connect(
  target: RedisTarget,
  { reconnect, onTrouble }: { reconnect: boolean; onTrouble?: (reason: string) => void },
): Promise<RedisClient> {
  let reason: unknown
  let connected = false
  const client = await createReader(target, { timeoutMs: TIMEOUT_MS, reconnect }).catch((error: unknown) => {
    throw unreachable(target, error)
  })
  client.on('error', (error) => {
    reason ??= error
    if (connected) onTrouble?.(reasonOf(error))
  })
  const silent = AbortSignal.timeout(TIMEOUT_MS)
  try {
    await Promise.race([
      client.connect().then(() => client.ping()),
      new Promise((_resolve, reject) => {
        silent.addEventListener('abort', () => reject(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
      }),
    ])
  } catch (error) {
    client.disconnect()
    throw unreachable(target, reason ?? error)
  }
  connected = true
  return client
}

/** A command that was refused something, or lost its connection on the way. */
export function lost(target: RedisTarget, error: unknown): CommandError {
  if (!(error instanceof Error) || !isRefusal(error)) return unreachable(target, error)
  const { message, mend } = refusal(error)
  const named = /'[\w|]+' command/.exec(error.message)?.[0]
  const what = named === undefined ? '' : ` (the ${named})`
  return new CommandError(
    UNHEALTHY,
    `The health Redis at ${target.host}:${target.port}: ${message}${what}. ${NO_RIGHT.test(error.message) ? RIGHTS : mend}`,
  )
}

/** A server that answers is there, whatever it answers; but for one that is none of ours, or knows nobody of us. */
function isRefusal({ name, message }: Error): boolean {
  return REFUSED.test(message) || (name === 'ReplyError' && !KNOWN_TROUBLE.test(message))
}

const NO_RIGHT = /NOPERM|no permissions|user executing the script can't/i
/** What a server says that is there, and does not do what it is asked for. */
const REFUSED = new RegExp(`${NO_RIGHT.source}|^(READONLY|OOM|MISCONF|LOADING|MASTERDOWN|CLUSTERDOWN|MOVED|CROSSSLOT)|unknown command`, 'i')
const RIGHTS =
  'Give the user the rights of viewer.acl in docs/acl of the package for what only reads, operator.acl for what people do, relay.acl for relay and service.acl for forget, as docs/security.md says.'

/** Its sentence has the address before it. */
const VERB = /^(?:refuses|wants|answers|speaks|hangs|does|accepts) /

/** The client says it in words of its own. */
const KNOWN_TROUBLE = /WRONGPASS|invalid password|NOAUTH|ENOTFOUND|EAI_AGAIN|cluster support disabled|RESP type|Protocol error/i

function unreachable(target: RedisTarget, error: unknown): CommandError {
  const { host, port, tls } = target
  if (tls || (error instanceof Error && KNOWN_TROUBLE.test(`${(error as NodeJS.ErrnoException).code ?? ''} ${error.message}`))) {
    const { message, mend } = connectionTrouble(error, target, false)
    return new CommandError(
      NO_CONNECTION,
      `No connection to the health Redis at ${host}:${port}: ${message.replace(VERB, 'it $&')}. ${mend}`,
    )
  }
  return new CommandError(
    NO_CONNECTION,
    `No connection to the health Redis at ${host}:${port} (${reasonOf(error)}): is it running, and do HEALTH_REDIS_HOST and HEALTH_REDIS_PORT, or HEALTH_REDIS_URL, name it?`,
  )
}
