import { expect, test } from 'vitest'

import { forecastText } from '../../../src/panel/page/trends/forecast-text.ts'

const base = { figure: 'total_queue_size', unit: 'items', now: 4210, limit: 10_000 }

test.for([
  {
    says: 'it grows, and how sure that is',
    forecast: { ...base, perDay: { value: 620, error: 140 }, days: { value: 9.34, atLeast: 7.6, atMost: 12.1 } },
    text: 'Total queue size is 4,210 items, the limit is 10,000 items. It grows by 620 items a day (± 140 items). At this pace the limit is reached in 9.3 days (between 7.6 days and 12 days).',
  },
  {
    says: 'perhaps it does not grow',
    forecast: { ...base, perDay: { value: 620, error: 900 }, days: { value: 1.2, atLeast: 0.5, atMost: null } },
    text: 'Total queue size is 4,210 items, the limit is 10,000 items. It grows by 620 items a day (± 900 items). At this pace the limit is reached in 29 h (in 12 h at the earliest, perhaps never).',
  },
  {
    says: 'it shrinks',
    forecast: { ...base, perDay: { value: -20, error: 3 }, says: 'does not grow' },
    text: 'Total queue size is 4,210 items, the limit is 10,000 items. It shrinks by 20 items a day (± 3 items). Does not grow.',
  },
  {
    says: 'nothing is known',
    forecast: { ...base, now: null, says: 'not enough data: 40 min of 6 h' },
    text: 'Total queue size is –, the limit is 10,000 items. Not enough data: 40 min of 6 h.',
  },
])('$says', ({ forecast, text }) => {
  expect(forecastText(forecast)).toBe(text)
})
