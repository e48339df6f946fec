/** Who looks, and what they may do. */
import type { LoginAnswer, LoginRequest, Session } from '../../protocol.ts'
import { ask, post } from './api.ts'
import { session } from './store.ts'

export async function askSession(): Promise<void> {
  try {
    session.value = await ask<Session>('session')
  } catch {
    // The connection says already that the server is away; it is asked again when there is one.
  }
}

export async function logIn(said: LoginRequest): Promise<void> {
  session.value = (await post<LoginAnswer>('login', said)).session
}

export async function logOut(): Promise<void> {
  session.value = await post<Session>('logout', {})
}
