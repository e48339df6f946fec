/** What a screen asks the server for: kept while it is asked again, and asked again only while somebody looks. */
import { useEffect, useRef, useState } from 'preact/hooks'

import { ApiError, ask } from './api.ts'
import { Refresher } from './refresher.ts'
import { askSession } from './session.ts'

export interface Resource<T> {
  /** Left out: nothing has come yet. Of the same path only. */
  readonly value?: T
  /** Why it could not be had the last time. */
  readonly error?: ApiError
  readonly reload: () => void
}

interface Answer<T> {
  readonly path: string
  readonly value?: T
  readonly error?: ApiError
}

/** `path` is without `api/`. `everyMs`: how often while the page is seen. `news`: asked again soon after it has changed. */
export function useResource<T>(path: string, everyMs: number, news?: unknown): Resource<T> {
  const [answer, setAnswer] = useState<Answer<T>>()
  const refresher = useRef<Refresher>(undefined)
  useEffect(() => {
    const gone = new AbortController()
    const load = async (): Promise<void> => {
      try {
        const value = await ask<T>(path, gone.signal)
        if (!gone.signal.aborted) setAnswer({ path, value })
      } catch (error) {
        if (gone.signal.aborted || !(error instanceof ApiError)) return
        if (error.status === 401) void askSession()
        setAnswer((before) => ({ ...(before?.path === path ? before : { path }), error }))
      }
    }
    const mine = new Refresher({ load, everyMs, isSeen: () => !document.hidden })
    refresher.current = mine
    const again = (): void => mine.ask()
    document.addEventListener('visibilitychange', again)
    return () => {
      gone.abort()
      mine.stop()
      document.removeEventListener('visibilitychange', again)
    }
  }, [path, everyMs])
  useEffect(() => refresher.current?.ask(), [path, everyMs, news])
  const mine = answer?.path === path ? answer : undefined
  return {
    ...(mine?.value !== undefined && { value: mine.value }),
    ...(mine?.error !== undefined && { error: mine.error }),
    reload: () => refresher.current?.ask(),
  }
}
