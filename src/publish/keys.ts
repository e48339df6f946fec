/** Every key and channel of the health Redis. One hash tag, so that one script may touch several keys on a cluster. */

export const SERVICES_KEY = '{health}:services'
export const OPEN_KEY = '{health}:open'
export const ALERTS_KEY = '{health}:alerts'
export const SILENCES_KEY = '{health}:silences'
export const AUDIT_KEY = '{health}:audit'
export const META_KEY = '{health}:meta'

export const statusKey = (service: string, instance: string): string => `{health}:status:${service}:${instance}`
export const instancesKey = (service: string): string => `{health}:instances:${service}`
export const alertKey = (alertId: string): string => `{health}:alert:${alertId}`
export const historyKey = (service: string): string => `{health}:history:${service}`

export const ALERTS_CHANNEL = 'health:system:alerts'
export const statusChannel = (service: string): string => `health:service:${service}:status`
export const metricsChannel = (service: string): string => `health:service:${service}:metrics`

const LONGEST_INSTANCE = 128

/** `service.instance.id` as it stands in keys and messages: white space and control characters become `_`, 128 characters at most. */
export function toInstanceName(instance: string): string {
  return instance
    .slice(0, LONGEST_INSTANCE)
    .replaceAll(/[\s\p{Cc}]/gu, '_')
    .toWellFormed()
}
