/** Questions to the panel's server. */
import type { Action, ActionAnswer, ActionRequest } from '../../protocol.ts'
import { texts } from '../texts.ts'
import { BASE } from './base.ts'

/** What the server says no to, or what kept it from answering: one sentence for people. */
export class ApiError extends Error {
  /** Of HTTP; 0: there was no answer. */
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const LONGEST_MS = 20_000

export function addressOfApi(path: string): string {
  return `${BASE}/api/${path}`
}

/** `path` is without `api/`. Rejects with an ApiError. */
export async function ask<T>(path: string, signal?: AbortSignal): Promise<T> {
  return answerOf<T>(await request(path, signal ? { signal: AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]) } : {}))
}

export async function act(action: Action, asked: ActionRequest): Promise<ActionAnswer> {
  return post<ActionAnswer>(`actions/${action}`, asked)
}

export async function post<T>(path: string, body: unknown): Promise<T> {
  return answerOf<T>(await request(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }))
}

async function request(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(addressOfApi(path), { signal: AbortSignal.timeout(LONGEST_MS), ...init, credentials: 'same-origin' })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, texts.api.unreachable)
  }
}

async function answerOf<T>(response: Response): Promise<T> {
  const text = await response.text()
  let said: unknown
  try {
    said = text === '' ? undefined : JSON.parse(text)
  } catch {
    said = undefined
  }
  if (response.ok) return said as T
  const sentence = (said as { readonly error?: unknown } | null | undefined)?.error
  throw new ApiError(response.status, typeof sentence === 'string' ? sentence : texts.api.refused(response.status))
}
