import type { ChainableCommander } from 'ioredis'

/** Runs a transaction. Rejects if any part of it failed. */
export async function commit(transaction: ChainableCommander): Promise<void> {
  for (const [error] of (await transaction.exec()) ?? []) if (error) throw error
}
