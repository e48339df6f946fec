/** The clients of servers that a service has: whose answers are evidence of a server's health, and whose are not. */
import { ok, skip, type Finding } from './finding.ts'
import { installedPackage, type Project } from './project.ts'

/** Oldest version that is watched, as `major.minor`; see test/ci/redis-clients.test.ts. */
const WATCHED: Readonly<Record<string, number>> = {
  ioredis: 3,
  iovalkey: 0,
  redis: 2.8,
  '@redis/client': 1,
  '@valkey/valkey-glide': 1,
  pg: 8,
  mysql2: 2,
}

const NOT_WATCHED = [
  ...['postgres', 'pg-native', 'mysql', 'mariadb', 'mssql', 'tedious', 'oracledb', 'mongodb', 'cassandra-driver', 'neo4j-driver'],
  ...['memcached', 'memjs', 'kafkajs', 'amqplib'],
]

/** Packages that bring a client of their own. */
const BRINGS: Readonly<Record<string, string>> = {
  bull: 'ioredis',
  bullmq: 'ioredis',
  'bee-queue': 'redis',
  'handy-redis': 'redis',
  mongoose: 'mongodb',
  'pg-boss': 'pg',
  'graphile-worker': 'pg',
}

/** What a service that uses them does not notice: the figures of a server that nobody watches are missing, not good. */
export function checkClients({ folder, packageJson }: Project): Finding {
  const dependencies = packageJson?.dependencies ?? []
  const own = dependencies.filter((name) => Object.hasOwn(WATCHED, name) || NOT_WATCHED.includes(name)).map((name) => ({ name, folder }))
  const brought = dependencies.flatMap((name) => {
    const by = Object.hasOwn(BRINGS, name) ? installedPackage(name, folder) : undefined
    return by ? [{ name: BRINGS[name]!, folder: by.folder }] : []
  })
  const watched = new Set<string>()
  const others = new Set<string>()
  for (const { name, folder: from } of [...own, ...brought]) {
    const version = installedPackage(name, from)?.version
    if (version === undefined) continue
    const isWatched = Object.hasOwn(WATCHED, name) && Number.parseFloat(version) >= WATCHED[name]!
    ;(isWatched ? watched : others).add(`${name} ${version}`)
  }
  const seen = watched.size > 0 ? `the servers of ${[...watched].join(', ')} are watched by what they answer` : ''
  if (others.size === 0) return seen ? ok('clients', seen) : skip('clients', 'no client of a database or of Redis is installed here')
  const unseen = `those of ${[...others].join(', ')} are not: that one is down shows only in what the service fails at`
  return skip('clients', [seen || 'no server is watched by what it answers', unseen].join('; '))
}
