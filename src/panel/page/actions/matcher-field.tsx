/** Which alerts a silence is about, and which open ones that is right now. */
import type { JSX } from 'preact'

import { matches, parseMatcher, type Matcher } from '../../../overlays/matcher.ts'
import type { AlertRow } from '../../protocol.ts'
import { alerts } from '../state/store.ts'
import { texts } from '../texts.ts'

const words = texts.actions
const MOST_SHOWN = 5

interface MatcherFieldProps {
  readonly matchers: readonly string[]
  readonly onChange: (matchers: readonly string[]) => void
}

export function MatcherField({ matchers, onChange }: MatcherFieldProps): JSX.Element {
  const [first = ''] = matchers
  const read = matchers.map(readMatcher)
  const wrong = read.find((each) => typeof each === 'string')
  const parsed = read.filter((each): each is Matcher => typeof each !== 'string')
  const matching = alerts.value.filter((alert) => parsed.some((matcher) => matches(matcher, { ...alert, alert_id: alert.id })))
  return (
    <div class="matcher">
      {matchers.length > 1 ? (
        <>
          <p>{words.manyMatchers(matchers.length)}</p>
          <ul class="plain">
            {matchers.map((matcher) => (
              <li key={matcher}>
                <code>{matcher}</code>
              </li>
            ))}
          </ul>
        </>
      ) : (
        <label>
          {words.matcher}
          <input
            type="text"
            name="matcher"
            required
            maxLength={500}
            spellcheck={false}
            autocapitalize="off"
            value={first}
            placeholder="service=fetch*,severity=WARNING"
            aria-describedby="matcher-hint"
            onInput={({ currentTarget: { value } }) => onChange([value])}
          />
        </label>
      )}
      <p id="matcher-hint" class="quiet">
        {words.matcherHint}
      </p>
      {wrong !== undefined && first !== '' ? <p class="trouble">{wrong}</p> : <Matching alerts={matching} />}
    </div>
  )
}

function Matching({ alerts: matching }: { readonly alerts: readonly AlertRow[] }): JSX.Element {
  return (
    <>
      <p aria-live="polite">{words.matches(matching.length)}</p>
      <ul class="plain">
        {matching.slice(0, MOST_SHOWN).map(({ id, service, rule }) => (
          <li key={id}>
            {service}: {rule}
          </li>
        ))}
        {matching.length > MOST_SHOWN && <li>{words.andMore(matching.length - MOST_SHOWN)}</li>}
      </ul>
    </>
  )
}

/** The matcher, or why it is none. */
function readMatcher(text: string): Matcher | string {
  try {
    return parseMatcher(text)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
