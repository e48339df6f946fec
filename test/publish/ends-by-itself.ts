/** A service with nothing left to do: it must end although the exporter is at work. Says over IPC when that is so. */
import { systemClock } from '../../src/clock.ts'
import { RedisExporter } from '../../src/publish/redis-exporter.ts'
import { snapshotOf, transitionOf } from '../wire/fixtures.ts'

const [, , port = '', loading = ''] = process.argv
const exporter = new RedisExporter({
  target: { host: 'localhost', port: Number(port) },
  clock: systemClock,
  service: 'tracker_fetcher',
  instance: '4f2c',
  publishingIntervalMs: 30_000,
  retentionMs: 86_400_000,
})
exporter.start()
if (loading) await exporter.load(5000)
exporter.transition(transitionOf('fired'))
exporter.status(snapshotOf())
process.once('message', () => {
  exporter.status(snapshotOf())
  process.disconnect?.()
})
process.send?.('busy')
