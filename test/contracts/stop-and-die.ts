/** A service that is killed in the very tick in which it stops: what it had to say must have left by then. */
import { systemClock } from '../../src/clock.ts'
import { RedisExporter } from '../../src/publish/redis-exporter.ts'
import { snapshotOf } from '../wire/fixtures.ts'

const [, , host = '', port = ''] = process.argv
const exporter = new RedisExporter({
  target: { host, port: Number(port) },
  clock: systemClock,
  service: 'tracker_fetcher',
  instance: '4f2c',
  publishingIntervalMs: 30_000,
  retentionMs: 86_400_000,
})
await exporter.load(5000)
exporter.status(snapshotOf())
setImmediate(() => {
  void exporter.stop(snapshotOf({ phase: 'stopped' }), 1000)
  process.kill(process.pid, 'SIGKILL')
})
