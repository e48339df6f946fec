/** Hears two channels with nothing in between, and says how long what it heard had been on its way. Argument: port. */
import { Redis } from 'ioredis'

import { shardNames } from '../src/wire/names.ts'
import { Latencies } from './scale-latencies.ts'
import { BARE_CHANNEL } from './scale-channels.ts'

export interface ListenerReport {
  readonly bare: readonly number[]
  readonly alerts: readonly number[]
  /** Characters of the last alert message. */
  readonly alertLength: number
}

const redis = new Redis({ host: '127.0.0.1', port: Number(process.argv[2]), protocol: 2 })
const [bare, alerts] = [new Latencies(), new Latencies()]
let alertLength = 0
redis.on('message', (channel: string, text: string) => {
  if (channel === BARE_CHANNEL) return bare.heard(text)
  alerts.heard(text)
  alertLength = text.length
})
await redis.subscribe(BARE_CHANNEL, shardNames().alertsChannel)
process.on('message', () => {
  const report: ListenerReport = { bare: bare.take(), alerts: alerts.take(), alertLength }
  process.send?.(report)
})
process.on('disconnect', () => redis.disconnect())
process.send?.('ready')
