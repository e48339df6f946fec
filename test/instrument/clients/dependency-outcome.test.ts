/** Which ends of a command show a living server, which a refusal or a lost connection, and which show nothing. */
import { expect, test } from 'vitest'

import type { Outcome } from '../../../src/instrument/clients/dependency-outcome.ts'
import { mysqlOutcome, postgresOutcome, redisOutcome } from '../../../src/instrument/clients/dependency-outcome.ts'

interface Row {
  readonly why: string
  readonly error: unknown
  readonly outcome: Outcome
}

const error = (message: string, fields: object = {}): Error => Object.assign(new Error(message), fields)

const CONNECTIONS: readonly Row[] = [
  { why: 'refused', error: error('connect ECONNREFUSED 127.0.0.1:1', { code: 'ECONNREFUSED' }), outcome: { failed: 'ECONNREFUSED' } },
  {
    why: 'refused on every address',
    error: Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }),
    outcome: { failed: 'ECONNREFUSED' },
  },
  { why: 'reset', error: error('read ECONNRESET', { code: 'ECONNRESET', syscall: 'read' }), outcome: { failed: 'ECONNRESET' } },
  { why: 'a broken pipe', error: error('write EPIPE', { code: 'EPIPE' }), outcome: { failed: 'EPIPE' } },
  { why: 'no such name', error: error('getaddrinfo ENOTFOUND db', { code: 'ENOTFOUND' }), outcome: { failed: 'ENOTFOUND' } },
  { why: 'no name server', error: error('getaddrinfo EAI_AGAIN db', { code: 'EAI_AGAIN' }), outcome: { failed: 'EAI_AGAIN' } },
  {
    why: 'a connection that is not accepted in time',
    error: error('connect ETIMEDOUT', { code: 'ETIMEDOUT' }),
    outcome: { failed: 'timeout' },
  },
  {
    why: 'a certificate that has expired',
    error: error('certificate has expired', { code: 'CERT_HAS_EXPIRED' }),
    outcome: { failed: 'CERT_HAS_EXPIRED' },
  },
  { why: 'the caller gave up', error: new DOMException('The operation was aborted', 'AbortError'), outcome: 'unknown' },
  { why: 'a mistake of the program', error: new TypeError('x is not a function'), outcome: 'unknown' },
  { why: 'an invalid argument', error: error('The "data" argument …', { code: 'ERR_INVALID_ARG_TYPE' }), outcome: 'unknown' },
  { why: 'nothing', error: undefined, outcome: 'unknown' },
  { why: 'a text', error: 'ECONNREFUSED', outcome: 'unknown' },
]

const REDIS: readonly Row[] = [
  {
    why: 'wrong type: about the command',
    error: error('WRONGTYPE Operation against a key holding the wrong kind of value'),
    outcome: 'answered',
  },
  { why: 'a syntax error', error: error('ERR syntax error'), outcome: 'answered' },
  { why: 'an unknown script', error: error('NOSCRIPT No matching script. Please use EVAL.'), outcome: 'answered' },
  { why: 'another node has the slot', error: error('MOVED 3999 127.0.0.1:6381'), outcome: 'answered' },
  {
    why: 'an ACL forbids one command',
    error: error("NOPERM this user has no permissions to run the 'flushall' command"),
    outcome: 'answered',
  },
  {
    why: 'writes only are refused by a replica',
    error: error("READONLY You can't write against a read only replica."),
    outcome: 'answered',
  },
  {
    why: 'writes only are refused for memory',
    error: error("OOM command not allowed when used memory > 'maxmemory'."),
    outcome: 'answered',
  },
  { why: 'a script words its own error', error: Object.assign(error('No such job'), { name: 'ReplyError' }), outcome: 'answered' },
  { why: 'no RESP3', error: error('NOPROTO unsupported protocol version'), outcome: 'answered' },
  { why: 'still loading', error: error('LOADING Redis is loading the dataset in memory'), outcome: { refused: 'LOADING' } },
  {
    why: 'a replica without its master',
    error: error("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."),
    outcome: { refused: 'MASTERDOWN' },
  },
  { why: 'no slot is served', error: error('CLUSTERDOWN The cluster is down'), outcome: { refused: 'CLUSTERDOWN' } },
  { why: 'a script that does not end', error: error('BUSY Redis is busy running a script.'), outcome: { refused: 'BUSY' } },
  { why: 'no password given', error: error('NOAUTH Authentication required.'), outcome: { refused: 'NOAUTH' } },
  {
    why: 'a wrong password',
    error: error('WRONGPASS invalid username-password pair or user is disabled.'),
    outcome: { refused: 'WRONGPASS' },
  },
  { why: 'ioredis: lost', error: error('Connection is closed.'), outcome: { failed: 'closed' } },
  { why: 'ioredis: given up', error: error('Reached the max retries per request limit (which is 20).'), outcome: { failed: 'closed' } },
  { why: 'ioredis: no answer in time', error: error('Command timed out'), outcome: { failed: 'timeout' } },
  { why: 'ioredis: not connected yet', error: error("Stream isn't writeable and enableOfflineQueue options is false"), outcome: 'unknown' },
  {
    why: 'ioredis: a subscriber may not',
    error: error('Connection in subscriber mode, only subscriber commands may be used'),
    outcome: 'unknown',
  },
  { why: 'redis: lost', error: error('Socket closed unexpectedly'), outcome: { failed: 'closed' } },
  { why: 'redis: not connected in time', error: error('Connection timeout'), outcome: { failed: 'timeout' } },
  {
    why: 'redis: silence',
    error: error("Socket timeout timeout. Expecting data, but didn't receive any in 5000ms."),
    outcome: { failed: 'timeout' },
  },
  { why: 'redis: closed by the service', error: error('The client is closed'), outcome: 'unknown' },
  { why: 'redis: closed by the service with commands under way', error: error('Disconnects client'), outcome: 'unknown' },
  { why: 'redis: a watched key changed', error: error('One (or more) of the watched keys has been changed'), outcome: 'unknown' },
]

const POSTGRES: readonly Row[] = [
  { why: 'unique violation', error: error('duplicate key value', { code: '23505' }), outcome: 'answered' },
  { why: 'syntax error', error: error('syntax error', { code: '42601' }), outcome: 'answered' },
  { why: 'cancelled, as by statement_timeout', error: error('canceling statement', { code: '57014' }), outcome: 'answered' },
  { why: 'no such database', error: error('database "x" does not exist', { code: '3D000' }), outcome: 'answered' },
  { why: 'one command wants too much memory', error: error('out of memory', { code: '53200' }), outcome: 'answered' },
  { why: 'the disk is full for one write', error: error('could not extend file', { code: '53100' }), outcome: 'answered' },
  { why: 'shutting down', error: error('terminating connection', { code: '57P01' }), outcome: { refused: '57P01' } },
  { why: 'crashed', error: error('terminating connection', { code: '57P02' }), outcome: { refused: '57P02' } },
  { why: 'starting up', error: error('the database system is starting up', { code: '57P03' }), outcome: { refused: '57P03' } },
  { why: 'no connection left', error: error('too many clients already', { code: '53300' }), outcome: { refused: '53300' } },
  { why: 'a wrong password', error: error('password authentication failed', { code: '28P01' }), outcome: { refused: '28P01' } },
  { why: 'a pooler has lost the server', error: error('server conn crashed?', { code: '08P01' }), outcome: { refused: '08P01' } },
  { why: 'ended by the server', error: error('Connection terminated unexpectedly'), outcome: { failed: 'closed' } },
  { why: 'not connected in time', error: error('timeout expired'), outcome: { failed: 'timeout' } },
  { why: 'ended by the service', error: error('Connection terminated'), outcome: 'unknown' },
  { why: 'a client that was closed', error: error('Client was closed and is not queryable'), outcome: 'unknown' },
]

const MYSQL: readonly Row[] = [
  { why: 'duplicate entry', error: error('x', { code: 'ER_DUP_ENTRY', errno: 1062, sqlState: '23000' }), outcome: 'answered' },
  { why: 'syntax error', error: error('x', { code: 'ER_PARSE_ERROR', errno: 1064, sqlState: '42000' }), outcome: 'answered' },
  { why: 'read only', error: error('x', { code: 'ER_OPTION_PREVENTS_STATEMENT', errno: 1290, sqlState: 'HY000' }), outcome: 'answered' },
  { why: 'too many connections', error: error('x', { errno: 1040, sqlState: '08004' }), outcome: { refused: 'ER_CON_COUNT_ERROR' } },
  { why: 'access denied', error: error('x', { errno: 1045, sqlState: '28000' }), outcome: { refused: 'ER_ACCESS_DENIED_ERROR' } },
  { why: 'shutting down', error: error('x', { errno: 1053, sqlState: '08S01' }), outcome: { refused: 'ER_SERVER_SHUTDOWN' } },
  {
    why: 'lost',
    error: error('Connection lost: The server closed the connection.', { code: 'PROTOCOL_CONNECTION_LOST' }),
    outcome: { failed: 'PROTOCOL_CONNECTION_LOST' },
  },
  {
    why: 'a query without an answer in time',
    error: error('Query inactivity timeout', { code: 'PROTOCOL_SEQUENCE_TIMEOUT' }),
    outcome: { failed: 'timeout' },
  },
  {
    why: 'errno of the system is no reply',
    error: error('connect ECONNREFUSED', { code: 'ECONNREFUSED', errno: -111 }),
    outcome: { failed: 'ECONNREFUSED' },
  },
  { why: 'a pool that is closed', error: error('Pool is closed.'), outcome: 'unknown' },
]

test.for([...CONNECTIONS, ...REDIS])('Redis, $why', ({ error: thrown, outcome }) => {
  expect(redisOutcome(thrown)).toEqual(outcome)
})
test.for([...CONNECTIONS, ...POSTGRES])('PostgreSQL, $why', ({ error: thrown, outcome }) => {
  expect(postgresOutcome(thrown)).toEqual(outcome)
})
test.for([...CONNECTIONS, ...MYSQL])('MySQL, $why', ({ error: thrown, outcome }) => {
  expect(mysqlOutcome(thrown)).toEqual(outcome)
})
