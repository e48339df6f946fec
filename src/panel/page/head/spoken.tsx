/** What a screen reader says by itself: one sentence of the whole, and only when it has changed. */
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

import { freshness, isFresh } from '../state/store.ts'
import { texts } from '../texts.ts'
import { summary } from './head.tsx'

/** Whoever is read to must be able to follow. */
const AT_MOST_EVERY_MS = 5000

export function Spoken(): JSX.Element {
  const { counts, critical, warning } = summary.value
  const now = isFresh.value
    ? texts.head.summary(
        counts.map(({ status, count }) => `${count} ${texts.status[status]}`),
        texts.head.alerts(critical, warning),
      )
    : freshness.value.is === 'waiting'
      ? ''
      : texts.banner[freshness.value.is === 'stale' ? 'spokenStale' : 'spokenLost']
  const [said, say] = useState('')
  const saidAt = useRef(0)
  useEffect(() => {
    const wait = Math.max(0, saidAt.current + AT_MOST_EVERY_MS - Date.now())
    const timer = setTimeout(() => {
      saidAt.current = Date.now()
      say(now)
    }, wait)
    return () => clearTimeout(timer)
  }, [now])
  return (
    <div class="hidden" role="status" aria-live="polite">
      {said}
    </div>
  )
}
