import fc from 'fast-check'
import { expect, test } from 'vitest'

import { episodeNamedBy, matcherOfEpisode, matches, parseMatcher, type Matched } from '../../src/overlays/matcher.ts'

const ALERT: Matched = {
  service: 'tracker_fetcher',
  rule: 'dependency_down',
  severity: 'CRITICAL',
  labels: { check: 'redis', 'work.name': 'a,b*' },
  alert_id: '8fc1a2',
  episode: 3,
}

test.for([
  { text: 'service=tracker_fetcher', why: 'a name is meant exactly', is: true },
  { text: 'service=tracker', why: 'its beginning is another', is: false },
  { text: 'service=tracker*', why: 'with * it is not', is: true },
  { text: 'service=*fetcher', why: 'the end', is: true },
  { text: 'service=*ck*tch*', why: 'the middle', is: true },
  { text: 'service=*tch*ck*', why: 'in that order', is: false },
  { text: 'service=tracker_fetcher*fetcher', why: 'no sign counts twice', is: false },
  { text: 'rule=dependency_down,severity=CRITICAL', why: 'all must hold', is: true },
  { text: 'rule=dependency_down,severity=WARNING', why: 'one does not', is: false },
  { text: ' service = tracker* , severity = C* ', why: 'blanks around names and values do not matter', is: true },
  { text: 'label.check=redis', why: 'a label', is: true },
  { text: 'check=r*', why: 'any other name is a label', is: true },
  { text: 'check=postgres', why: 'another value', is: false },
  { text: 'queue=hot', why: 'a label that it does not have', is: false },
  { text: 'queue=*', why: 'whatever its value, or none', is: true },
  { text: 'label.work.name=a\\,b\\*', why: 'signs that are taken as they are', is: true },
  { text: 'label.work.name=a\\,b\\*c', why: 'and are no pattern', is: false },
  { text: 'alert=8fc1a2', why: 'one alert, by its id', is: true },
  { text: 'alert=8fc1', why: 'the beginning of an id is not it', is: false },
  { text: 'alert=8fc1*,episode=3', why: 'an episode of it', is: true },
  { text: 'alert=8fc1a2,episode=4', why: 'another episode of it', is: false },
  { text: 'label.alert=8fc1a2', why: 'a label that is called so is another thing', is: false },
  { text: '*', why: 'every alert, said so', is: true },
  { text: 'label.constructor=x', why: 'no label is inherited', is: false },
])('$text: $why', ({ text, is }) => {
  expect(matches(parseMatcher(text), ALERT)).toBe(is)
})

test.for([
  { text: 'alert=8fc1,episode=3', why: 'both', is: { alertId: '8fc1', episode: 3 } },
  { text: 'episode=12,severity=WARNING,alert=a', why: 'in whatever order, and more', is: { alertId: 'a', episode: 12 } },
  { text: 'alert=8fc1', why: 'an alert alone has many', is: undefined },
  { text: 'episode=3', why: 'nor is it one of any alert', is: undefined },
  { text: 'alert=8fc1*,episode=3', why: 'several alerts may begin so', is: undefined },
  { text: 'alert=8fc1,episode=3*', why: 'several episodes', is: undefined },
  { text: 'alert=8fc1,episode=x', why: 'none', is: undefined },
])('which episode of an alert $text names: $why', ({ text, is }) => {
  expect(episodeNamedBy(parseMatcher(text))).toEqual(is)
})

test('the matcher of an episode names it', () => {
  const episode = { alertId: '8fc1a2b3', episode: 7 }
  expect(episodeNamedBy(parseMatcher(matcherOfEpisode(episode)))).toEqual(episode)
})

const EXAMPLE = 'such as service=fetch*,severity=WARNING or label.check=redis'
test.for([
  { text: '', says: `The matcher is empty, expected names and values ${EXAMPLE}; * alone is every alert.` },
  { text: 'fetcher', says: `The matcher "fetcher" has "fetcher", expected name=value, ${EXAMPLE}; * alone is every alert.` },
  { text: 'service=', says: `The matcher "service=" has "service=", expected name=value, ${EXAMPLE}; * alone is every alert.` },
  { text: 'service=a,', says: `The matcher "service=a," has "", expected name=value, ${EXAMPLE}; * alone is every alert.` },
  { text: 'ser vice=a', says: `The matcher "ser vice=a" has "ser vice=a", expected name=value, ${EXAMPLE}; * alone is every alert.` },
  { text: 'severity=bad', says: 'The matcher "severity=bad" has the severity "bad", expected WARNING or CRITICAL.' },
  { text: 'rule=a,rule=b', says: 'The matcher "rule=a,rule=b" has rule twice, expected each name once: use * for several values.' },
  {
    text: 'check=a,label.check=b',
    says: 'The matcher "check=a,label.check=b" has label.check twice, expected each name once: use * for several values.',
  },
  { text: `service=${'x'.repeat(500)}`, says: 'The matcher has 508 characters, expected at most 500: use * for what differs.' },
])('refused: $text', ({ text, says }) => {
  expect(() => parseMatcher(text)).toThrow(says)
})

test('a pattern fits what the same expression fits, whatever the signs', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '%', '-'), maxLength: 8 })
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '%', '-', '*'), minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(pattern, text, (given, service) => {
      const expression = new RegExp(`^${given.replaceAll(/[.%]/g, String.raw`\$&`).replaceAll('*', '.*')}$`)
      expect(matches(parseMatcher(`service=${given}`), { ...ALERT, service })).toBe(expression.test(service))
    }),
    { numRuns: 2000 },
  )
})
