/** Whether an answer is a stream: how long it takes to be whole is then up to whoever sends and reads it, and says nothing of slowness. */
import type { RawHeaders } from './raw-headers.ts'
import { headerOf } from './raw-headers.ts'

/** Events, lines of JSON as models stream them, gRPC, sound, pictures in motion, and what is only bytes. */
const STREAMS =
  /^(text\/event-stream|application\/(x-)?(ndjson|jsonl|json-lines|jsonlines|stream\+json|json-seq)|application\/grpc|application\/octet-stream|multipart\/|audio\/|video\/)/i
/** Bytes from which on an answer is a download. */
const DOWNLOAD = 1_048_576

/** `headers`: of the answer. One whose length is not told when it begins (chunked, or until the end of the connection) is one, too. */
export function isStreamed(statusCode: number, headers: RawHeaders): boolean {
  if (statusCode === 101 || statusCode === 206) return true
  if (STREAMS.test(headerOf(headers, 'content-type') ?? '')) return true
  if (/^attachment/i.test(headerOf(headers, 'content-disposition') ?? '')) return true
  const length = headerOf(headers, 'content-length')
  return length === undefined || Number(length) >= DOWNLOAD
}
