import type { Redis } from 'ioredis'
import type { Simulators } from '../simulators/start.ts'

/** Reads the codes from the trusted devices and leaves them where the service looks. */
export async function enterCodes(simulators: Simulators, redis: Redis): Promise<void> {
  const response = await fetch(`${simulators.control}/accounts`)
  const accounts = (await response.json()) as readonly { alias: string; code: string; wants_2fa: boolean }[]
  for (const { alias, code, wants_2fa } of accounts) if (wants_2fa) await redis.set(`tracker:2fa:${alias}`, code)
}
