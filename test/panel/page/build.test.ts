/** What browsers load: built here as `npm run build` does it. */
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

import { build, type Rolldown } from 'vite'
import { beforeAll, expect, test } from 'vitest'

const FOLDER = fileURLToPath(new URL('../../../src/panel/page/', import.meta.url))
/** Of everything together: more than a slow line takes in a second is too much. */
const MOST_BYTES = 80_000

let files: readonly { readonly name: string; readonly text: string }[]

beforeAll(async () => {
  const { output } = (await build({
    root: FOLDER,
    configFile: `${FOLDER}vite.config.ts`,
    logLevel: 'error',
    build: { write: false },
  })) as Rolldown.RolldownOutput
  files = output.map((file) => ({
    name: file.fileName,
    text: file.type === 'chunk' ? file.code : typeof file.source === 'string' ? file.source : Buffer.from(file.source).toString('utf8'),
  }))
}, 120_000)

function index(): string {
  return files.find(({ name }) => name === 'index.html')!.text
}

test('all of it is at most 80 kB as it goes over the line', () => {
  const bytes = files.reduce((sum, { text }) => sum + gzipSync(text, { level: 9 }).byteLength, 0)
  expect(files.map(({ name }) => name.replace(/-[\w-]{8}\./, '.')).toSorted()).toEqual([
    'assets/draw.js',
    'assets/icon.svg',
    'assets/index.css',
    'assets/index.js',
    'index.html',
  ])
  expect(bytes).toBeLessThan(MOST_BYTES)
})

test('what draws charts is loaded only where there are some', () => {
  const main = files.find(({ name }) => /^assets\/index-.*\.js$/.test(name))!
  expect(main.text).toMatch(/import\(`?["'`]\.\/draw-[\w-]+\.js["'`]/)
  expect(main.text).not.toContain('u-over')
})

test('every file is named by its content, and index.html names them under the place that the server fills in', () => {
  const named = [...index().matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address!)
  expect(named.length).toBeGreaterThanOrEqual(3)
  for (const address of named) expect(address).toMatch(/^__BASE__\/assets\/[\w.]+-[\w-]{8}\.\w+$/)
  expect(index()).toContain('content="__BASE__"')
})

test('nothing is inline, so that the strictest content policy holds', () => {
  expect(index()).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/i)
})

test('nothing comes from elsewhere, and no text is ever read as HTML', () => {
  for (const { name, text } of files) {
    const addresses = [...text.matchAll(/https?:\/\/[^\s"'`)<]+/g)].map(([address]) => address)
    expect({
      name,
      addresses: addresses.filter((address) => !address.startsWith('http://www.w3.org/') && address !== 'http://panel'),
    }).toEqual({
      name,
      addresses: [],
    })
    expect(text).not.toMatch(/\beval\(|new Function\(|insertAdjacentHTML|document\.write/)
  }
})
