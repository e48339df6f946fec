/** What a screen asks the server for: kept while it is asked again, and asked again only while somebody looks. */
import { useEffect, useRef, useState } from 'preact/hooks'

import { ApiError, ask } from './api.ts'
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

/** `path` is without `api/`; `undefined`: nothing is asked. `everyMs`: how often while the page is seen. `news`: asked again when it changes. */
export function useResource<T>(path: string | undefined, everyMs: number, news?: unknown): Resource<T> {
  const [answer, setAnswer] = useState<Answer<T>>()
  const [asked, setAsked] = useState(0)
  const askedAt = useRef(0)
  useEffect(() => {
    if (path === undefined) return
    const gone = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const load = async (): Promise<void> => {
      clearTimeout(timer)
      if (document.hidden) return
      askedAt.current = Date.now()
      try {
        const value = await ask<T>(path, gone.signal)
        if (gone.signal.aborted) return
        setAnswer({ path, value })
      } catch (error) {
        if (gone.signal.aborted) return
        if (error instanceof ApiError) {
          if (error.status === 401) void askSession()
          setAnswer((before) => ({ ...(before?.path === path ? before : { path }), error }))
        }
      }
      timer = setTimeout(() => void load(), everyMs)
    }
    // News that come thick and fast are asked for once a second.
    const wait = Math.max(0, askedAt.current + 1000 - Date.now())
    if (answer?.path === path && wait > 0) timer = setTimeout(() => void load(), wait)
    else void load()
    const shown = (): void => {
      if (!document.hidden) void load()
    }
    document.addEventListener('visibilitychange', shown)
    return () => {
      gone.abort()
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', shown)
    }
  }, [path, everyMs, news, asked])
  const mine = answer?.path === path ? answer : undefined
  return {
    ...(mine?.value !== undefined && { value: mine.value }),
    ...(mine?.error !== undefined && { error: mine.error }),
    reload: () => setAsked((times) => times + 1),
  }
}
