/** Services that do jobs with Agenda, which keeps them in memory: there is no MongoDB here. */
import { fileURLToPath } from 'node:url'

import type { Program } from './program.ts'
import { THROWN } from './program.ts'

const STORES = fileURLToPath(new URL('../fixtures/agenda-stores.cjs', import.meta.url))

export function agenda(why: string, processor: string, store: string): Program {
  return {
    library: 'agenda',
    keepsOrder: false,
    why,
    loads: { agendas: 'agenda', stores: STORES },
    body: `
      const Agenda = agendas.Agenda ?? agendas.default?.Agenda ?? agendas.default ?? agendas
      const agenda = new Agenda({ ${store}, processEvery: '0.05 seconds', maxConcurrency: 5, defaultConcurrency: 5 })
      agenda.on('error', (error) => console.log(error))
      agenda.define('jobs', ${processor})
      await agenda.start()
      for (let n = 0; n < 100; n++) await agenda.now('jobs', { n })
      await jobsEnded(100)
      await agenda.schedule('in 1 hour', 'jobs', { n: 100 })
      await globalThis.askQueues?.()
      await agenda.stop()
      process.exit()`,
    queue: 'jobs',
    ok: 90,
    errors: THROWN,
    reading: { name: 'agenda', due: 0, ...(store.startsWith('mongo') && { scheduled: 1, leased: 0, oldestAgeSeconds: 0 }) },
  }
}
export const PROMISE = `async (job) => { await handle(job.attrs.data.n) }`
export const DONE = `(job, done) => { handle(job.attrs.data.n).then(() => done(), done) }`
export const DATABASE = 'mongo: stores.database()'
export const BACKEND = 'backend: stores.backend()'
