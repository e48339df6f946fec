/** What was built, as it is served. */
import { gunzipSync } from 'node:zlib'
import { createConnection } from 'node:net'

import { expect, test } from 'vitest'

import { Pages } from '../../../src/panel/http/pages.ts'
import { callOf } from '../../../src/panel/http/call.ts'
import { askAt, serve, TOKENS } from './serving.ts'

test('files have their type; what has a hash in its name is kept for good', async () => {
  const { ask } = await serve({ auth: TOKENS })
  const [hashed, plain] = [await ask('/assets/index-Ab3_d-9x.js'), await ask('/assets/plain.css')]
  expect([hashed.headers['content-type'], hashed.headers['cache-control']]).toEqual([
    'text/javascript; charset=utf-8',
    'public, max-age=31536000, immutable',
  ])
  expect([plain.headers['content-type'], plain.headers['cache-control']]).toEqual(['text/css; charset=utf-8', 'no-cache'])
  const again = await ask('/assets/plain.css', { headers: { 'if-none-match': plain.headers.etag! } })
  expect([again.status, again.text]).toEqual([304, ''])
})

test('they are sent packed to whoever can unpack them', async () => {
  const { panel } = await serve({ auth: TOKENS })
  const ask = async (encoding: string) =>
    panel.fetch(new Request('http://panel/assets/index-Ab3_d-9x.js', { headers: { 'accept-encoding': encoding } }))
  const [packed, plain] = [await ask('br, gzip;q=0.8'), await ask('br')]
  const bytes = Buffer.from(await packed.arrayBuffer())
  expect([packed.headers.get('content-encoding'), packed.headers.get('vary')]).toEqual(['gzip', 'accept-encoding'])
  expect(gunzipSync(bytes).toString()).toBe(await plain.text())
  expect(bytes.length).toBeLessThan(200)
})

test.for([
  '/assets/../secret.txt',
  '/assets/..%2fsecret.txt',
  '/assets/%2e%2e/secret.txt',
  '/assets/%2e%2e%2fsecret.txt',
  '/assets/..%5csecret.txt',
  '/assets/....//secret.txt',
  '/assets//../secret.txt',
  '/assets/%00plain.css',
  '/assets/constructor',
  '/assets/__proto__',
  '/secret.txt',
])('%s leads to no file beside them', async (path) => {
  const { port } = await serve({ auth: TOKENS })
  // As it stands: a client of Node would make it plain.
  const answer = await new Promise<string>((resolve, reject) => {
    let text = ''
    const socket = createConnection(port, '127.0.0.1', () => socket.end(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`))
    socket.on('data', (chunk) => (text += chunk.toString('utf8')))
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
  })
  expect(answer).toMatch(/^HTTP\/1\.1 40[04] /)
  expect(answer).not.toContain('\r\n\r\nsecret')
})

test('a build that is not there is said', async () => {
  const call = callOf(new Request('http://panel/'), undefined, {})
  expect(() => new Pages('/nowhere').page(call)).toThrow('The pages of the panel have not been built: npm run build does it.')
  const { port } = await serve({ auth: TOKENS })
  expect((await askAt(port, '/assets/index-0000000.js')).text).toContain('load the page anew')
})
