/** Whether anybody sees the work of a service, as its instances say it. Pure. */
import { NO_SOURCE } from '../wire/no-source.ts'
import type { StatusMessage } from '../wire/status-message.ts'

export interface SeenWork {
  /** `true`: of some instance; `false`: of none, though one may work; `undefined`: they have none, or do not say. */
  readonly working: boolean | undefined
  /** Why none is seen: half a sentence. */
  readonly why: string | undefined
}

export function seenWork(messages: readonly Pick<StatusMessage, 'working' | 'unknown'>[]): SeenWork {
  if (messages.some(({ working }) => working === true)) return { working: true, why: undefined }
  const unseen = messages.find(({ working }) => working === false)
  if (!unseen) return { working: undefined, why: undefined }
  return { working: false, why: Object.values(unseen.unknown ?? {}).find((why) => why.startsWith(NO_SOURCE)) ?? NO_SOURCE }
}
