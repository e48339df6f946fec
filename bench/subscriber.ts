/** A subscriber in a process of its own: tells its parent when each message came, on the clock that processes of a machine share. */
import { Redis } from 'ioredis'

const [port, ...channels] = process.argv.slice(2)
const redis = new Redis(Number(port))
redis.on('message', (channel: string) => {
  const at = process.hrtime.bigint()
  process.send?.({ channel, at: at.toString() })
})
await redis.subscribe(...channels)
process.send?.({ channel: 'ready', at: '0' })
process.on('disconnect', () => redis.disconnect())
