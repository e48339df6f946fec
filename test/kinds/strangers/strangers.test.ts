/** What the strangers are: services of each kind, in each style, that know nothing of us, with little beside them. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { expect, test } from 'vitest'

const HERE = fileURLToPath(new URL('./', import.meta.url))
const KINDS = ['geocoding', 'location-aggregator', 'notification', 'realtime-geofence']
const STYLES = ['callback', 'class', 'functions']
const MOST_LINES = 25

const STRANGERS = KINDS.flatMap((kind) => STYLES.map((style) => `${kind}/${style}`))
const textsOf = (stranger: string) =>
  readdirSync(HERE + stranger).map((file) => ({ file, text: readFileSync(`${HERE}${stranger}/${file}`, 'utf8') }))

test('there is one of each kind in each style', () => {
  const folders = readdirSync(HERE, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(folders.map(({ name }) => name).toSorted()).toEqual(KINDS)
  for (const kind of KINDS) expect(readdirSync(HERE + kind).toSorted()).toEqual(STYLES)
})

test.for(STRANGERS)('%s names us nowhere', (stranger) => {
  for (const { file, text } of textsOf(stranger)) expect(`${file}: ${text}`).not.toMatch(/otel|health(?!\.config)/i)
})

test.for(STRANGERS)(`%s has a health.config of at most ${MOST_LINES} lines`, (stranger) => {
  const configs = textsOf(stranger).filter(({ file }) => file.startsWith('health.config.'))
  expect(configs).toHaveLength(1)
  expect(configs[0]!.text.trimEnd().split('\n').length).toBeLessThanOrEqual(MOST_LINES)
})
