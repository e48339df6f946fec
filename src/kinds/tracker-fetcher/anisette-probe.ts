/** One request to an anisette-v3-server, version 1 of its API: usable only if both headers Apple checks are there. */
import { PROBE_USER_AGENT } from '../../instrument/http/own-requests.ts'
import type { AnisetteEvidence } from './anisette-watch.ts'

const LONGEST_BODY = 64 * 1024

/** Rejects when there is no answer; resolves to `unreachable` for a server error, to `invalid` for an answer without usable headers. */
export async function probeAnisette(url: string, signal: AbortSignal): Promise<AnisetteEvidence> {
  const { username, password, href } = new URL(url)
  const headers = new Headers({ 'user-agent': PROBE_USER_AGENT })
  // fetch refuses a URL that holds a password.
  if (username || password) headers.set('authorization', `Basic ${btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)}`)
  const response = await fetch(href.replace(/^(https?:\/\/)[^/@]*@/, '$1'), { headers, redirect: 'manual', signal })
  const body = await readBody(response)
  if (response.status >= 500) return 'unreachable'
  return response.ok && hasHeaders(body) ? 'reachable' : 'invalid'
}

async function readBody(response: Response): Promise<string> {
  let body = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    body += decoder.decode(chunk, { stream: true })
    if (body.length > LONGEST_BODY) break
  }
  return body
}

function hasHeaders(body: string): boolean {
  try {
    const headers: unknown = JSON.parse(body)
    return ['X-Apple-I-MD', 'X-Apple-I-MD-M'].every((name) => {
      const value = (headers as Record<string, unknown> | null)?.[name]
      return typeof value === 'string' && value !== ''
    })
  } catch {
    return false
  }
}
