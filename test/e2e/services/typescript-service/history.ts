/** Remembers what was looked up. It tells `node:diagnostics_channel` of its work, for whoever listens. */
import { tracingChannel } from 'node:diagnostics_channel'

import type { Redis } from 'ioredis'

import type { Answer } from './geocoder.ts'

interface Job {
  readonly address: string
  readonly answer: Answer
}

const jobs = tracingChannel<Job>('typescript-service:job')

export interface Remembered {
  readonly remembered: boolean
  readonly places: number
}

export async function remember(redis: Redis, job: Job): Promise<Remembered> {
  return jobs.tracePromise(async () => {
    const { address, answer } = job
    if (!answer.found) return { remembered: false, places: 0 }
    await redis.hset('places', address, JSON.stringify(answer.places))
    return { remembered: true, places: answer.places.length }
  }, job)
}
