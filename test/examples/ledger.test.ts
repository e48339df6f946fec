import { describe, expect, test } from 'vitest'
import { Ledger, type LedgerEntry } from '../../examples/simulators/ledger.ts'

const request = (seenAs: string, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  seq: 0,
  at: 0,
  endpoint: 'apple.fetch',
  probe: false,
  account: 'one',
  ids: ['a', 'b'],
  request_id: 'r1',
  fault: null,
  status: 200,
  seen_as: seenAs,
  latency_ms: 0,
  trackers_with_reports: 0,
  reports: 0,
  new_reports: 0,
  ...more,
})
const ok = { trackers_with_reports: 1, reports: 5, new_reports: 2 }
const summaryOf = (entries: readonly LedgerEntry[]) => {
  const ledger = new Ledger()
  for (const entry of entries) ledger.add(entry)
  return ledger.summary()
}

describe('Ledger', () => {
  test.for([
    {
      why: 'an answer counts each tracker once, with or without reports',
      entries: [request('ok', ok)],
      expected: { attempts: { reports: 1, empty: 1, failed: {} }, reports: { new: 2, duplicate: 3 }, retries: {} },
    },
    {
      why: 'a failure fails every tracker of the batch',
      entries: [request('500')],
      expected: { attempts: { reports: 0, empty: 0, failed: { 500: 2 } }, retries: {} },
    },
    {
      why: 'the same request again after an empty body or a 401 is a retry of the same attempts',
      entries: [request('empty_body'), request('401'), request('ok', ok)],
      expected: { attempts: { reports: 1, empty: 1, failed: {} }, retries: { empty_body: 1, 401: 1 }, requests: 3 },
    },
    {
      why: 'retries that end in a failure count the last one',
      entries: [request('empty_body'), request('500')],
      expected: { attempts: { reports: 0, empty: 0, failed: { 500: 2 } }, retries: { empty_body: 1 } },
    },
    {
      why: 'a repetition that may still come leaves the attempt as it is now',
      entries: [request('empty_body')],
      expected: { attempts: { reports: 0, empty: 0, failed: { empty_body: 2 } }, retries: {} },
    },
    {
      why: 'the same request after any other answer is a new attempt',
      entries: [request('500'), request('ok')],
      expected: { attempts: { reports: 0, empty: 2, failed: { 500: 2 } }, retries: {} },
    },
    {
      why: 'other ids are another batch',
      entries: [request('empty_body'), request('ok', { ids: ['a'] })],
      expected: { attempts: { reports: 0, empty: 1, failed: { empty_body: 2 } }, retries: {} },
    },
    {
      why: 'the same ids in a later batch are another attempt: its request id differs',
      entries: [request('empty_body'), request('ok', { request_id: 'r2' })],
      expected: { attempts: { reports: 0, empty: 2, failed: { empty_body: 2 } }, retries: {} },
    },
    {
      why: 'accounts and logins in between do not disturb each other',
      entries: [
        request('401'),
        request('ok', { account: 'two', ids: ['c'] }),
        request('ok', { endpoint: 'apple.login', ids: [] }),
        request('ok'),
      ],
      expected: {
        attempts: { reports: 0, empty: 3, failed: {} },
        retries: { 401: 1 },
        api_calls: { apple: { 401: 1, ok: 3 }, anisette: {} },
      },
    },
    {
      why: 'probes are counted apart',
      entries: [request('401', { probe: true }), request('ok', { endpoint: 'anisette.headers', probe: true })],
      expected: { requests: 0, probes: { 'apple.fetch': 1, 'anisette.headers': 1 }, api_calls: { apple: {}, anisette: {} } },
    },
  ])('$why', ({ entries, expected }) => {
    expect(summaryOf(entries)).toMatchObject(expected)
  })

  test('a report is new for a tracker once', () => {
    const ledger = new Ledger()
    expect(ledger.deliver('a', ['r1', 'r2'])).toBe(2)
    expect(ledger.deliver('a', ['r2', 'r3'])).toBe(1)
    expect(ledger.deliver('b', ['r1'])).toBe(1)
  })
})
