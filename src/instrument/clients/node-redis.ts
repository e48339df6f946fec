/**
 * @redis/client from 5.12 on, which publishes tracing channels: commands sampled, failures of connections all. Its promises reject as
 * they do when nobody listens. Earlier versions publish nothing: see node-redis-sockets.ts and node-redis-callbacks.ts.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'

import { redisOutcome } from './dependency-outcome.ts'
import type { WatchClient } from './client-library.ts'
import { waitsOnPurpose } from './redis-commands.ts'
import type { CommandContext } from './sampled-channels.ts'
import { SampledChannels } from './sampled-channels.ts'
import type { WatchedConnection } from './watched-connection.ts'

interface ConnectionContext extends CommandContext {
  readonly clientId?: string
}

/** Clients that come and go without being closed are forgotten from here on. */
const MOST_CLIENTS = 1000

export const watchNodeRedis: WatchClient = (_, teller) => {
  const sampled = new SampledChannels({
    teller,
    kind: 'redis',
    channels: ['node-redis:command', 'node-redis:batch'],
    defaultPort: 6379,
    outcome: redisOutcome,
    ignore: () => false,
    waits: waitsOnPurpose,
  })
  // Only here is a client's server named; what becomes of its connection names the client.
  const clients = new Map<string, WatchedConnection>()
  const handlers: Readonly<Record<string, (context: ConnectionContext) => void>> = {
    'tracing:node-redis:connect:start': (context) => {
      sampled.start()
      const server = sampled.server(context)
      if (server && context.clientId !== undefined && clients.size < MOST_CLIENTS) clients.set(context.clientId, server)
    },
    'node-redis:error': ({ clientId = '', error }) => {
      const server = clients.get(clientId)
      server?.begins()
      server?.ended(redisOutcome(error))
    },
    'node-redis:connection:closed': (context) => {
      if ((context as { reason?: unknown }).reason === 'application_close') clients.delete(context.clientId ?? '')
    },
  }
  const subscribed = Object.entries(handlers).map(([name, handle]) => ({
    name,
    onMessage: (message: unknown) => handle(message as ConnectionContext),
  }))
  for (const { name, onMessage } of subscribed) subscribe(name, onMessage)
  return () => {
    for (const { name, onMessage } of subscribed) unsubscribe(name, onMessage)
    sampled.stop()
  }
}
