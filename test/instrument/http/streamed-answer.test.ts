import { expect, test } from 'vitest'

import type { RawHeaders } from '../../../src/instrument/http/raw-headers.ts'
import { isStreamed } from '../../../src/instrument/http/streamed-answer.ts'

const LENGTH = { 'content-length': '20' }

test.for<{ why: string; status?: number; headers: RawHeaders; is: boolean }>([
  { why: 'JSON whose length is known', headers: { 'content-type': 'application/json', ...LENGTH }, is: false },
  { why: 'chunks', headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }, is: true },
  { why: 'what ends with its connection', headers: { 'content-type': 'text/html' }, is: true },
  { why: 'events', headers: { 'content-type': 'text/event-stream; charset=utf-8', ...LENGTH }, is: true },
  { why: 'lines of JSON', headers: { 'content-type': 'application/x-ndjson', ...LENGTH }, is: true },
  { why: 'bytes', headers: { 'content-type': 'application/octet-stream', ...LENGTH }, is: true },
  { why: 'a file', headers: { 'content-type': 'text/csv', 'content-disposition': 'attachment; filename="a.csv"', ...LENGTH }, is: true },
  { why: 'a megabyte', headers: { 'content-type': 'application/json', 'content-length': '1048576' }, is: true },
  { why: 'part of a file', status: 206, headers: { 'content-type': 'text/plain', ...LENGTH }, is: true },
  { why: 'another protocol', status: 101, headers: {}, is: true },
  { why: 'names and values in turn, as Node has them', headers: ['Content-Type', 'application/json', 'Content-Length', '20'], is: false },
  { why: 'bytes in turn, as undici has them', headers: [Buffer.from('Content-Length'), Buffer.from('20')], is: false },
  { why: 'a header that came twice', headers: ['content-length', ['20', '20']], is: false },
  { why: 'headers as a text', headers: 'content-type: text/plain\r\nContent-Length: 20\r\n', is: false },
  { why: 'headers that nobody has', headers: undefined, is: true },
])('an answer is a stream: $is for $why', ({ status = 200, headers, is }) => {
  expect(isStreamed(status, headers)).toBe(is)
})
