/** The MeterProvider that an SDK of this process made global. */
import type { MeterProvider } from '@opentelemetry/api'

/** Where every copy of the API of major version 1 keeps what was made global. */
const API = Symbol.for('opentelemetry.js.api.1')

/**
 * Not asked of the API itself, which hides a provider that was registered through an older copy of it; nothing that
 * monitors call is newer than 1.3. Cheap enough to be asked at each record.
 */
export function globalMeterProvider(): MeterProvider | undefined {
  return (globalThis as { [API]?: { readonly metrics?: MeterProvider } })[API]?.metrics
}
