/** The JSON Schemas of the package, against what is written and what a reader takes. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAlertDocument } from '../../src/wire/alert-document.ts'
import { encodeMetrics } from '../../src/wire/metrics-message.ts'
import { encodeStatus } from '../../src/wire/status-message.ts'
import { shardNames, toInstanceName } from '../../src/wire/names.ts'
import { parseMessage } from '../../src/wire/message.ts'
import type { Verdict } from '../../src/types.ts'
import { alertFields } from '../subscribe/record.ts'
import { alertOf, snapshotOf } from './fixtures.ts'

const FOLDER = fileURLToPath(new URL('../../schemas/', import.meta.url))
const ajv = new Ajv2020({ allErrors: true })
const schemas = new Map<string, ValidateFunction>(
  readdirSync(FOLDER).map((file) => [
    file.replace('.schema.json', ''),
    ajv.compile(JSON.parse(readFileSync(FOLDER + file, 'utf8')) as object),
  ]),
)

const ALERT = `{"v":1,"id":"1795341600000-41","epoch":"e","seq":41,"rev":41,${alertFields({ id: 'a1' })}}`
const OVERLAYS =
  '"overlays":{"ack":{"by":"ada","why":"looking","at":"2026-11-22T10:00:00.000Z","until":"2026-11-22T14:00:00.000Z"},"silenced":["s1"],"inhibited":true,"flapping":true}'
const labelled = { labels: { 'work.name': 'sendMail' }, runbook: 'https://runbooks.example/mail' }
const long = 'x'.repeat(5000)

const well = { kind: 'ok', message: 'well', value: { current: 95.1, threshold: 80, unit: 'percent' } } as const
const VERDICTS: readonly Verdict[] = [
  { rule: 'low_success_rate', ...well },
  { rule: 'restart_loop', kind: 'inconclusive', reason: 'starting' },
  { rule: 'account', ...well, value: { current: 'logged_in', threshold: 'logged_in', unit: 'state' } },
  ...Array.from({ length: 200 }, (_, i): Verdict => ({ rule: 'split', labels: { 'work.name': `w${i}` }, ...well })),
]

interface Kind {
  readonly schema: string
  readonly written: readonly string[]
  readonly read: (text: string) => unknown
}

const KINDS: readonly Kind[] = [
  {
    schema: 'status',
    written: [
      snapshotOf(),
      snapshotOf({ kind: 'worker', dependsOn: ['geocoding', 'redis'], phase: 'stopped', alerts: [] }),
      snapshotOf({ alerts: [alertOf({ ...labelled, state: 'pending' })] }),
      snapshotOf({ verdicts: VERDICTS, rules: { low_success_rate: { forSeconds: 60, breach: 'below' } } }),
      snapshotOf({ reasons: Array.from({ length: 1000 }, () => long), metrics: { [long]: 1 } }),
    ].map((snapshot, i) => encodeStatus(snapshot, i + 1).json),
    read: (text) => parseMessage(shardNames().statusChannel(serviceOf(text)), text),
  },
  {
    schema: 'metrics',
    written: [snapshotOf(), snapshotOf({ metrics: {}, evidence: {} })].map((snapshot, i) => encodeMetrics(snapshot, i + 1).json),
    read: (text) => parseMessage(shardNames().metricsChannel(serviceOf(text)), text),
  },
  {
    schema: 'alert',
    written: [ALERT, ALERT.replace('"value":null', '"value":{"current":71.4,"threshold":80,"unit":"percent"},"instances_left_out":3')],
    read: (text) => parseMessage('health:system:alerts', text),
  },
  {
    schema: 'alert-document',
    written: [`{"v":1,"rev":41,${alertFields({ id: 'a1', state: 'unknown' })},${OVERLAYS}}`],
    read: (text) => parseAlertDocument('41', text),
  },
]

/** It comes over the channel of its service. */
function serviceOf(text: string): string {
  return String((JSON.parse(text) as { readonly service?: unknown }).service)
}

test.for(['status', 'metrics'])('%s: an instance has every character that its name has, and no other', (schema) => {
  const validate = schemas.get(schema)!
  const text = KINDS.find((kind) => kind.schema === schema)!.written[0]!
  for (let code = 0; code <= 0xffff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue
    const instance = String.fromCodePoint(code)
    expect([code, validate({ ...JSON.parse(text), instance })]).toEqual([code, toInstanceName(instance) === instance])
  }
})

test('there is one of each kind, and no other', () => {
  expect([...schemas.keys()].toSorted()).toEqual(KINDS.map(({ schema }) => schema).toSorted())
})

describe.each(KINDS)('$schema', ({ schema, written, read }) => {
  const validate = schemas.get(schema)!

  test('what is written fits', () => {
    for (const text of written) {
      validate(JSON.parse(text))
      expect(validate.errors ?? []).toEqual([])
      expect(read(text)).toBeDefined()
    }
  })

  test('what it lets pass a reader takes, whatever was changed', () => {
    const changed = fc.constantFrom(...written).chain((text) => {
      const fields = JSON.parse(text) as Record<string, unknown>
      const change = fc.record({ name: fc.constantFrom(...Object.keys(fields)), value: fc.option(fc.jsonValue(), { nil: undefined }) })
      return change.map(({ name, value }) => JSON.stringify({ ...fields, [name]: value }))
    })
    const isTaken = (text: string) => !validate(JSON.parse(text)) || read(text) !== undefined
    expect(fc.check(fc.property(changed, isTaken))).toMatchObject({ failed: false, counterexample: null })
  })

  test.for([
    { why: 'another version', from: '"v":1', to: '"v":2' },
    { why: 'no version', from: '"v":1,', to: '' },
    { why: 'a service with a name that no service has', from: /"service":"[^"]*"/, to: '"service":"a b"' },
    { why: 'a service that is no text', from: /"service":"[^"]*"/, to: '"service":1' },
    { why: 'a time that is none', from: /"(timestamp|since)":"[^"]*"/g, to: '"$1":"yesterday"' },
  ])('$why is refused, by it and by a reader', ({ from, to }) => {
    const forged = written[0]!.replace(from, to)
    expect(forged).not.toBe(written[0])
    expect(validate(JSON.parse(forged))).toBe(false)
    expect(read(forged)).toBeUndefined()
  })
})

test.for([
  { schema: 'status', why: 'a status that does not exist', from: '"status":"degraded"', to: '"status":"fine"' },
  { schema: 'status', why: 'a phase that does not exist', from: '"phase":"running"', to: '"phase":"well"' },
  { schema: 'status', why: 'reasons that are no list', from: '"reasons":["low_success_rate"]', to: '"reasons":"none"' },
  { schema: 'metrics', why: 'figures that are none', from: '"metrics":{', to: '"metrics":[],"x":{' },
  { schema: 'alert', why: 'a sequence that is no number', from: '"seq":41', to: '"seq":"41"' },
  { schema: 'alert', why: 'an id that is none', from: '"id":"1795341600000-41"', to: '"id":"$"' },
  { schema: 'alert', why: 'a severity that does not exist', from: '"severity":"WARNING"', to: '"severity":"FATAL"' },
  { schema: 'alert', why: 'an instance that says nothing', from: /"instances":\{.*\}/, to: '"instances":{"a":{}}}' },
  { schema: 'alert-document', why: 'a state that does not exist', from: '"state":"unknown"', to: '"state":"fine"' },
])('$schema: $why is refused', ({ schema, from, to }) => {
  const kind = KINDS.find((each) => each.schema === schema)!
  const forged = kind.written[0]!.replace(from, to)
  expect(forged).not.toBe(kind.written[0])
  expect(schemas.get(schema)!(JSON.parse(forged))).toBe(false)
  expect(kind.read(forged)).toBeUndefined()
})
