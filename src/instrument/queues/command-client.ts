/** Commands to Redis and what comes back, as ioredis has them. */

export type Command = readonly [name: string, ...args: (string | number)[]]

/** An error the server replied with, or its answer. */
export type Reply = readonly [error: Error | null, value?: unknown]

/** What is needed of a Redis client. */
export interface CommandClient {
  /**
   * Sends all commands at once, without waiting for one another's answers; resolves to one reply for each, in their order, errors of
   * the server included. Rejects if the connection is lost.
   */
  pipeline(commands: readonly Command[]): Promise<readonly Reply[]>
  /** Of a cluster: one client for each master, for each knows its own keys only. Rejects if the connection is lost. */
  masters?(): Promise<readonly CommandClient[]>
}
