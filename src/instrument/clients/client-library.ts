/** What a client library is to us. One is added by one file with such a function, and one line in dependencies.ts. */
import type { Cancel } from '../../types.ts'
import type { ModuleHook } from '../hook/module-hook.ts'
import type { EvidenceTeller } from './watched-connection.ts'

/**
 * Tells what the library's connections get from their servers. Sends nothing and never throws into the service, to which a copy that the
 * hook reaches is as it is unwatched. Copies loaded before this are seen through their channels, if they have any. Returns what ends it
 * and restores every method.
 */
export type WatchClient = (hook: ModuleHook, teller: EvidenceTeller) => Cancel
