/** The reader that a user adds to the readers of another SDK, and that the monitor of this process finds. */
import { systemClock } from '../clock.ts'
import { CollectingReader } from '../collect/collecting-reader.ts'

/** Global, so that it is found by another copy of this package, be it the one that `--import otel-health/register` loaded. */
const READER = Symbol.for('otel-health.reader')

/** For `metricReaders` of NodeSDK or `readers` of MeterProvider; a reader belongs to one provider, so that each call makes a new one. */
export function healthReader(): CollectingReader {
  const reader = new CollectingReader({ clock: systemClock })
  Object.defineProperty(globalThis, READER, { value: reader, configurable: true })
  return reader
}

/** The reader that was made last, if any. */
export function madeHealthReader(): CollectingReader | undefined {
  return (globalThis as { [READER]?: CollectingReader })[READER]
}
