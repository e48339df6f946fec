/** The keys and channels that a reader needs. The writing side has its own list; a test holds the two together. */

export const SERVICES_KEY = '{health}:services'
export const OPEN_KEY = '{health}:open'
export const ALERTS_KEY = '{health}:alerts'
export const META_KEY = '{health}:meta'
export const statusKey = (service: string, instance: string): string => `{health}:status:${service}:${instance}`
export const instancesKey = (service: string): string => `{health}:instances:${service}`
export const alertKey = (alertId: string): string => `{health}:alert:${alertId}`

export const ALERTS_CHANNEL = 'health:system:alerts'
export const STATUS_CHANNELS = 'health:service:*:status'
export const METRICS_CHANNELS = 'health:service:*:metrics'
