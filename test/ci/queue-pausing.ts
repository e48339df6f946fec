/** A service with a queue library that is paused and resumed, by what it prints of its jobs. */
import type { Redis } from 'ioredis'
import { expect, vi } from 'vitest'

import { HealthControl } from '../../src/control/health-control.ts'
import type { ControlAction } from '../../src/wire/control-request.ts'
import { type ControlledService, startControlled, type ServiceStart } from '../e2e/controlled-service.ts'

const patience = { timeout: 60_000, interval: 50 }

export interface Paused {
  /** Jobs that were begun after the pause was done. */
  readonly begunWhilePaused: number
  readonly twice: readonly string[]
  /** Words of the answers to pause and resume. */
  readonly said: readonly (string | null)[]
  /** Jobs that it was given until it was resumed. */
  readonly given: number
}

/** Fails if it does not do ten jobs before, or ten after. */
export async function pausedAndResumed(redis: Redis, service: ServiceStart & { readonly name: string }): Promise<Paused> {
  const running = await startControlled({ ...service, env: { ...service.env, HEALTH_SERVICE_NAME: service.name } })
  const control = new HealthControl({ client: redis, from: 'ci' })
  const ask = async (action: ControlAction) => {
    const { request } = await control.request(action, { service: service.name }, { by: 'ann', why: 'it is tried' })
    const view = async () => (await control.requests(service.name)).find(({ request: { id } }) => id === request.id)!
    await vi.waitUntil(async () => !['waiting', 'under way'].includes((await view()).state), patience)
    return (await view()).byInstance[0]!.reason
  }
  try {
    await vi.waitUntil(() => jobs(running, 'done').length >= 10, patience)
    const paused = await ask('pause')
    await vi.waitUntil(() => jobs(running, 'begun').length === jobs(running, 'done').length, patience)
    const before = jobs(running, 'begun').length
    // Each takes up to a second: time enough for what would go on.
    for (let i = 0; i < 3; i++) expect(await ask('start')).toBe('it runs already')
    const begunWhilePaused = jobs(running, 'begun').length - before
    const resumed = await ask('resume')
    const given = jobs(running, 'given').length
    await vi.waitUntil(() => jobs(running, 'done').length >= before + 10, patience)
    const done = jobs(running, 'done')
    return { begunWhilePaused, twice: done.filter((job, at) => done.indexOf(job) !== at), said: [paused, resumed], given }
  } finally {
    running.child.kill('SIGKILL')
    await running.ended
  }
}

function jobs({ lines }: ControlledService, word: 'given' | 'begun' | 'done'): readonly string[] {
  return lines.filter((line) => line.startsWith(`job ${word} `))
}
