/** Why there is no connection to the health Redis, or why it refuses a command, and what to do about it. */
import type { RedisTarget } from '../wire/redis-client.ts'
import { errorText } from './error-text.ts'

export interface Trouble {
  readonly message: string
  readonly mend: string
}

interface Cause extends Trouble {
  /** Found in the code or the message of an error. */
  readonly sign: RegExp
}

const WHERE = 'set HEALTH_REDIS_URL, or HEALTH_REDIS_HOST and HEALTH_REDIS_PORT, to where it is'
const REFUSED_CREDENTIALS = 'Set HEALTH_REDIS_USERNAME and HEALTH_REDIS_PASSWORD, or HEALTH_REDIS_URL, to a user that the server knows.'

const NO_CONNECTION: readonly Cause[] = [
  { sign: /WRONGPASS|invalid password/i, message: 'refuses the user or the password', mend: REFUSED_CREDENTIALS },
  {
    sign: /NOAUTH/,
    message: 'wants a password',
    mend: 'Set HEALTH_REDIS_PASSWORD, and HEALTH_REDIS_USERNAME for an ACL user, or put both into HEALTH_REDIS_URL.',
  },
  { sign: /ECONNREFUSED/, message: 'nobody listens there', mend: `Start it, or ${WHERE}.` },
  { sign: /ENOTFOUND|EAI_AGAIN/, message: 'the name of the host has no address', mend: `Mend the name: ${WHERE}.` },
  {
    sign: /cluster support disabled|CLUSTER is not enabled|unknown command.*cluster/i,
    message: 'HEALTH_REDIS_CLUSTER_MODE is true, but the server is no cluster',
    mend: 'Unset HEALTH_REDIS_CLUSTER_MODE.',
  },
  { sign: /CERT_HAS_EXPIRED/, message: 'its TLS certificate has expired', mend: 'Renew the certificate of the server.' },
  {
    sign: /ALTNAME/,
    message: 'its TLS certificate is for another name',
    mend: 'Name the server as the certificate does, in HEALTH_REDIS_HOST or HEALTH_REDIS_URL, or give it one for this name.',
  },
  {
    sign: /SELF_SIGNED|UNABLE_TO_|CERT_/,
    message: 'its TLS certificate is signed by nobody known here',
    mend: 'Set HEALTH_REDIS_CA to the file with the CA certificate, in PEM, that signed it.',
  },
  {
    sign: /ENOENT|EACCES|PEM|asn1/i,
    message: 'the file of HEALTH_REDIS_CA cannot be read as a certificate',
    mend: 'Set HEALTH_REDIS_CA to a file with a certificate in PEM that this user may read.',
  },
  {
    sign: /WRONG_VERSION_NUMBER|EPROTO/,
    message: 'speaks no TLS there',
    mend: 'Unset HEALTH_REDIS_TLS (write redis:// in HEALTH_REDIS_URL), or name its TLS port.',
  },
  {
    sign: /RESP type|Protocol error/i,
    message: 'answers, but is no Redis',
    mend: `Another server has that address: ${WHERE}.`,
  },
]

/** A server that is asked in another tongue than it speaks says nothing, or hangs up. */
const TLS_EXPECTED = {
  message: 'hangs up without an answer',
  mend: 'If it expects TLS, set HEALTH_REDIS_TLS=true, or write rediss:// in HEALTH_REDIS_URL; else its log says why.',
}
const NO_TLS = {
  message: 'does not answer a TLS handshake',
  mend: 'Unset HEALTH_REDIS_TLS (write redis:// in HEALTH_REDIS_URL) if the server speaks none, or name its TLS port.',
}
const SILENT = {
  message: 'accepts connections, but does not answer',
  mend: 'Look whether it is frozen, overloaded or busy with a script; otel-health takes it for lost too.',
}
const UNREACHABLE = {
  message: 'cannot be reached',
  mend: 'Look whether a firewall or a network policy is between here and there, and whether HEALTH_REDIS_HOST is right.',
}

/** `connected`: the socket was made, so that it is the server who does not answer. */
export function connectionTrouble(error: unknown, { tls, clusterMode }: RedisTarget, connected: boolean): Trouble {
  const text = textOf(error)
  const known = NO_CONNECTION.find(({ sign }) => sign.test(text))
  if (known) return known
  const isTimeout = /timed? ?out/i.test(text)
  if (isTimeout && tls) return NO_TLS
  if (isTimeout) return connected ? SILENT : UNREACHABLE
  if (/EHOSTUNREACH|ENETUNREACH/.test(text)) return UNREACHABLE
  if (/closed|ECONNRESET|EPIPE/i.test(text)) {
    if (clusterMode) return { message: 'no node of the cluster answers', mend: `Start it, or ${WHERE}.` }
    return TLS_EXPECTED
  }
  return { message: `there is no connection (${errorText(error)})`, mend: `Look at the server’s log, or ${WHERE}.` }
}

const REFUSED: readonly Cause[] = [
  {
    sign: /READONLY/,
    message: 'the server is a read-only replica',
    mend: 'Set HEALTH_REDIS_HOST and HEALTH_REDIS_PORT to the primary.',
  },
  { sign: /OOM/, message: 'the server is full and takes nothing more', mend: 'Raise its maxmemory, or lower HEALTH_RETENTION_HOURS.' },
  {
    // Of what a script does, servers before 7.2 say it in words of their own.
    sign: /NOPERM|no permissions|user executing the script can't/i,
    message: 'the server does not allow this user what otel-health does',
    mend: 'Give the user the rights of docs/acl/service.acl in the package, as docs/security.md says.',
  },
  {
    sign: /MISCONF|stop-writes/i,
    message: 'the server takes no writes because it cannot save to its disk',
    mend: 'Mend the disk of the server, or set stop-writes-on-bgsave-error no.',
  },
  {
    sign: /closed|timed? ?out|ECONNRESET/i,
    message: 'the connection was lost in the middle of it',
    mend: 'Look whether the server is frozen, overloaded or ends connections by itself.',
  },
  {
    sign: /WRONGTYPE/,
    message: 'a key of otel-health holds what is not of otel-health',
    mend: 'Look who else writes to keys that begin with {health}, and delete what they have written.',
  },
  { sign: /LOADING/, message: 'the server is still loading its data', mend: 'Wait until it has loaded.' },
  {
    sign: /MASTERDOWN|CLUSTERDOWN/,
    message: 'the server is of a cluster that is down',
    mend: 'Mend the cluster: redis-cli cluster info says what is missing.',
  },
  {
    sign: /MOVED|CROSSSLOT/,
    message: 'the server is a node of a cluster',
    mend: 'Set HEALTH_REDIS_CLUSTER_MODE=true.',
  },
  {
    sign: /unknown command/i,
    message: 'the server does not know what otel-health needs (Lua scripts and streams)',
    mend: 'Use Redis 6.2, Valkey, Dragonfly or newer.',
  },
]

/** For what the server replied to a command. */
export function refusal(error: unknown): Trouble {
  const text = textOf(error)
  return (
    REFUSED.find(({ sign }) => sign.test(text)) ?? {
      message: `the server refuses what otel-health asks of it (${errorText(error)})`,
      mend: 'Look at the log of the server; it must run Lua scripts and have streams, as Redis 6.2 and newer, Valkey and Dragonfly do.',
    }
  )
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // A client of a cluster says what it could not do, and here why.
  const { code = '', lastNodeError } = error as NodeJS.ErrnoException & { lastNodeError?: unknown }
  return `${code} ${error.message} ${lastNodeError === undefined ? '' : textOf(lastNodeError)}`
}
