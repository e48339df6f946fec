/**
 * What the end of a command says about the server. Any answer shows that it is alive, an error reply too: WRONGTYPE, a syntax error, a
 * unique violation are about the command. A reply is a refusal where it says that the server serves nothing at all, or nothing of ours:
 * loading, shutting down, no cluster, wrong credentials. A refusal of writes only (READONLY, OOM, disk full) is no refusal here: reads go
 * on, so a check that took it for one would change with every command; what the service fails at is seen in its own rates.
 *
 * An error that is neither a reply nor known to be the connection's says nothing: a client that was closed by the service, an argument
 * that could not be encoded.
 */

/** `unknown`: the error says nothing about the server. */
export type Outcome = 'answered' | 'unknown' | { readonly refused: string } | { readonly failed: string }

/** Names Node gives to failures of sockets, name lookups and TLS, and mysql2 to a connection that was lost or stayed silent. */
const CONNECTION_CODE =
  /^(?:E[A-Z]{3,}\d?|EAI_[A-Z]+|ERR_(?:TLS|SSL)_\w+|CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+|PROTOCOL_(?:CONNECTION_LOST|SEQUENCE_TIMEOUT))$/

/** What clients say without a code; bundlers rename classes, but not messages. */
const LOST = [
  'Connection is closed.',
  'Connection terminated unexpectedly',
  'Command aborted due to connection close',
  'Socket closed unexpectedly',
  'Reached the max retries per request',
]
const TIMED_OUT = ['Command timed out', 'Connection timeout', 'Socket timeout', 'Query read timeout', 'timeout expired']

/** The first word of a Redis error. CLUSTERDOWN: no slot is served; MASTERDOWN: a replica without its master; BUSY: a script runs on and on. */
const REDIS_REFUSALS: ReadonlySet<string> = new Set(['LOADING', 'MASTERDOWN', 'CLUSTERDOWN', 'BUSY', 'NOAUTH', 'WRONGPASS', 'DENIED'])

/**
 * SQLSTATE (PostgreSQL, appendix A): 57P01 to 57P03 shutdown, crash, starting up; 53300 no connection left; class 28 credentials; class 08,
 * by which a pooler says that it has lost the server. 57014 (cancelled), 53100 (disk full) and 53200 (memory) concern single commands.
 */
const POSTGRES_REFUSAL = /^(?:57P0[123]|53300|28\w{3}|08\w{3})$/

/** MySQL's numbers: too many connections, access denied, shutdown, host blocked, offline mode. */
export const MYSQL_REFUSALS: ReadonlyMap<number, string> = new Map([
  [1040, 'ER_CON_COUNT_ERROR'],
  [1045, 'ER_ACCESS_DENIED_ERROR'],
  [1053, 'ER_SERVER_SHUTDOWN'],
  [1129, 'ER_HOST_IS_BLOCKED'],
  [3032, 'ER_SERVER_OFFLINE_MODE'],
])

/** Of a command of ioredis or of redis, or of what their connections emit. */
export function redisOutcome(error: unknown): Outcome {
  const lost = connectionFailure(error)
  if (lost !== undefined) return { failed: lost }
  const word = /^-?([A-Z][A-Z0-9_]+)(?: |$)/.exec(messageOf(error))?.[1]
  if (word === undefined) return isRedisReply(error) ? 'answered' : 'unknown'
  return REDIS_REFUSALS.has(word) ? { refused: word } : 'answered'
}

/** Of a message that pg calls an error: of the server's, which carry a SQLSTATE, or of the connection. */
export function postgresOutcome(error: unknown): Outcome {
  const code = codeOf(error)
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code))
    return POSTGRES_REFUSAL.test(code) ? { refused: code } : 'answered'
  const lost = connectionFailure(error)
  return lost === undefined ? 'unknown' : { failed: lost }
}

/** Of a command or a connection of mysql2. */
export function mysqlOutcome(error: unknown): Outcome {
  const lost = connectionFailure(error)
  if (lost !== undefined) return { failed: lost }
  const { errno, sqlState } = (error ?? {}) as { errno?: unknown; sqlState?: unknown }
  if (typeof errno !== 'number' || typeof sqlState !== 'string') return 'unknown'
  const refusal = MYSQL_REFUSALS.get(errno)
  return refusal === undefined ? 'answered' : { refused: refusal }
}

function connectionFailure(error: unknown): string | undefined {
  const code = codeOf(error)
  if (code !== undefined && CONNECTION_CODE.test(code))
    return code === 'ETIMEDOUT' || code === 'PROTOCOL_SEQUENCE_TIMEOUT' ? 'timeout' : code
  const message = messageOf(error)
  if (TIMED_OUT.some((text) => message.startsWith(text))) return 'timeout'
  return LOST.some((text) => message.startsWith(text)) ? 'closed' : undefined
}

/** Scripts may reply with any text at all. */
function isRedisReply(error: unknown): boolean {
  const names = [(error as Error | undefined)?.name, (error as Error | undefined)?.constructor?.name]
  return names.some((name) => name === 'ReplyError' || name === 'SimpleError' || name === 'BlobError')
}

function codeOf(error: unknown): string | undefined {
  const code: unknown = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

function messageOf(error: unknown): string {
  const message: unknown = (error as { message?: unknown } | null | undefined)?.message
  return typeof message === 'string' ? message : ''
}
