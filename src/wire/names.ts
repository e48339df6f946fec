/** Every key and channel of the health Redis. One hash tag, so that one script may touch several keys on a cluster. */
import { LONGEST_NAME } from './sizes.ts'

export const SERVICES_KEY = '{health}:services'
export const OPEN_KEY = '{health}:open'
export const ALERTS_KEY = '{health}:alerts'
export const META_KEY = '{health}:meta'

export const statusKey = (service: string, instance: string): string => `{health}:status:${service}:${instance}`
export const instancesKey = (service: string): string => `{health}:instances:${service}`
export const alertKey = (alertId: string): string => `{health}:alert:${alertId}`
export const historyKey = (service: string): string => `{health}:history:${service}`

export const ALERTS_CHANNEL = 'health:system:alerts'
export const statusChannel = (service: string): string => `health:service:${service}:status`
export const metricsChannel = (service: string): string => `health:service:${service}:metrics`

/** Patterns for PSUBSCRIBE: the channels of all services. */
export const STATUS_CHANNELS = statusChannel('*')
export const METRICS_CHANNELS = metricsChannel('*')

const SERVICE_CHANNEL = /^health:service:([^:]+):(status|metrics)$/

/** The service whose channel it is, and which of its two; `undefined` for any other channel. */
export function serviceOfChannel(channel: string): { readonly service: string; readonly channel: 'status' | 'metrics' } | undefined {
  const [, service, name] = SERVICE_CHANNEL.exec(channel) ?? []
  return service === undefined ? undefined : { service, channel: name === 'status' ? 'status' : 'metrics' }
}

const SERVICE = /^[a-z0-9._-]{1,64}$/

export function isServiceName(value: unknown): value is string {
  return typeof value === 'string' && SERVICE.test(value)
}

/** `service.instance.id` as it stands in keys and messages: white space and control characters become `_`, 128 characters at most. */
export function toInstanceName(instance: string): string {
  return instance
    .slice(0, LONGEST_NAME)
    .replaceAll(/[\s\p{Cc}]/gu, '_')
    .toWellFormed()
}
