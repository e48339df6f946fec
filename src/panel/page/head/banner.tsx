import type { JSX } from 'preact'

import { freshness, known } from '../state/store.ts'
import { texts } from '../texts.ts'

const words = texts.banner
const MOST_PROBLEMS = 3

/** What one must know before believing anything below it. */
export function Banner(): JSX.Element | null {
  const is = freshness.value
  const problems = known.value?.head.problems ?? []
  const isLost = is.is === 'reconnecting' && known.value !== undefined
  if (!isLost && is.is !== 'stale' && problems.length === 0) return null
  return (
    <aside aria-label={words.label}>
      {isLost && <p class="banner is-stale-banner">{words.reconnecting}</p>}
      {is.is === 'stale' && <p class="banner is-stale-banner">{words.stale(is.why)}</p>}
      {problems.length > 0 && (
        <div class="banner">
          {words.problems}
          <ul>
            {problems.slice(0, MOST_PROBLEMS).map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
            {problems.length > MOST_PROBLEMS && <li>{texts.actions.andMore(problems.length - MOST_PROBLEMS)}</li>}
          </ul>
        </div>
      )}
    </aside>
  )
}
