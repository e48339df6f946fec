/**
 * Our own copy of the OpenTelemetry SDK. It takes longer to load than everything else here, so that it is loaded when it is first needed;
 * and at once, for whoever records with a meter does not wait.
 */
import { createRequire } from 'node:module'

import type * as Otlp from '@opentelemetry/exporter-metrics-otlp-http'
import type * as Resources from '@opentelemetry/resources'
import type * as Metrics from '@opentelemetry/sdk-metrics'

const require = createRequire(import.meta.url)

export interface OwnSdk {
  readonly metrics: typeof Metrics
  readonly resources: typeof Resources
  readonly otlp: typeof Otlp
}

/** The same at each call. Throws if a package is missing or broken. */
export function loadOwnSdk(): OwnSdk {
  return {
    metrics: require('@opentelemetry/sdk-metrics') as OwnSdk['metrics'],
    resources: require('@opentelemetry/resources') as OwnSdk['resources'],
    otlp: require('@opentelemetry/exporter-metrics-otlp-http') as OwnSdk['otlp'],
  }
}

/** Only what keeps metrics, without what exports them. Throws as `loadOwnSdk` does. */
export function loadOwnMetricsSdk(): OwnSdk['metrics'] {
  return require('@opentelemetry/sdk-metrics') as OwnSdk['metrics']
}
