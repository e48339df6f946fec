/** How a fault is switched on. Without `probability` and `every_n` it meets every request. */
export interface FaultSettings {
  readonly probability?: number
  readonly every_n?: number
  readonly ttl_ms?: number
  readonly delay_ms?: number
  readonly retry_after_s?: number
  readonly account?: string
  readonly provider?: string
  readonly channel?: string
}
export type Parameter = keyof FaultSettings

export interface FaultDefinition {
  readonly does: string
  readonly parameters: readonly Parameter[]
}

const SOMETIMES = ['probability', 'every_n', 'ttl_ms'] as const
const BY_ACCOUNT = [...SOMETIMES, 'account'] as const
const BY_PROVIDER = [...SOMETIMES, 'provider'] as const
const BY_CHANNEL = [...SOMETIMES, 'channel'] as const

export const FAULTS = {
  'anisette.down': { does: 'anisette refuses connections', parameters: ['ttl_ms'] },
  'anisette.empty': { does: 'anisette answers 200 with an empty body', parameters: SOMETIMES },
  'anisette.html': { does: 'anisette answers 200 with an HTML page', parameters: SOMETIMES },
  'anisette.slow': { does: 'anisette takes delay_ms (12000) longer', parameters: [...SOMETIMES, 'delay_ms'] },
  'http.500': { does: 'fetch answers 500', parameters: BY_ACCOUNT },
  empty_body: { does: 'fetch answers 200 with an empty body', parameters: BY_ACCOUNT },
  slow: { does: 'fetch takes delay_ms (12000) longer', parameters: [...BY_ACCOUNT, 'delay_ms'] },
  '429': {
    does: 'fetch answers 429 with an HTML page and Retry-After of retry_after_s (60)',
    parameters: [...BY_ACCOUNT, 'retry_after_s'],
  },
  reset: { does: 'fetch resets the connection', parameters: BY_ACCOUNT },
  malformed: { does: 'fetch answers 200 with truncated JSON', parameters: BY_ACCOUNT },
  'auth.revoke': {
    does: 'the session is revoked: once per account, or on every request met if probability or every_n is given; logging in again works',
    parameters: BY_ACCOUNT,
  },
  'auth.2fa': {
    does: 'sessions are revoked, and logging in wants a second factor until POST /accounts/submit-code or until switched off',
    parameters: ['ttl_ms', 'account'],
  },
  'world.still': { does: 'trackers stop moving: new reports say the place of the last one before', parameters: ['ttl_ms'] },
  'world.zero': { does: 'new reports say 0,0', parameters: SOMETIMES },
  'world.crowd': { does: 'three finders report each new sighting', parameters: SOMETIMES },
  'reports.late': { does: 'new reports appear delay_ms (21600000) later', parameters: [...SOMETIMES, 'delay_ms'] },
} as const satisfies Record<string, FaultDefinition>

/** Of the simulators that only the other services need. */
export const SIBLING_FAULTS = {
  'geocoder.500': { does: 'the provider answers 500', parameters: BY_PROVIDER },
  'geocoder.429': {
    does: 'the provider answers 429 with Retry-After of retry_after_s (60)',
    parameters: [...BY_PROVIDER, 'retry_after_s'],
  },
  'geocoder.slow': { does: 'the provider takes delay_ms (12000) longer', parameters: [...BY_PROVIDER, 'delay_ms'] },
  'geocoder.down': { does: 'the provider, or both, refuse connections', parameters: ['ttl_ms', 'provider'] },
  'gateway.500': { does: 'the gateway answers 500', parameters: BY_CHANNEL },
  'gateway.slow': { does: 'the gateway takes delay_ms (12000) longer', parameters: [...BY_CHANNEL, 'delay_ms'] },
  'gateway.bounce': { does: 'what is accepted bounces later (mail and sms)', parameters: BY_CHANNEL },
  'gateway.down': { does: 'the gateway refuses connections', parameters: ['ttl_ms'] },
  'store.500': { does: 'the location store answers 500', parameters: SOMETIMES },
  'store.slow': { does: 'the location store takes delay_ms (12000) longer', parameters: [...SOMETIMES, 'delay_ms'] },
  'fences.broken': { does: 'one of the fences has no radius', parameters: SOMETIMES },
} as const satisfies Record<string, FaultDefinition>

export type FaultName = keyof typeof FAULTS | keyof typeof SIBLING_FAULTS

export const PROVIDERS = ['nominatim', 'photon'] as const
export type ProviderName = (typeof PROVIDERS)[number]
export const CHANNELS = ['push', 'mail', 'sms'] as const
export type ChannelName = (typeof CHANNELS)[number]

/** What may be wrong with a parameter's value, as the end of a sentence. */
export const EXPECTED: Readonly<Record<Parameter, { readonly sentence: string; readonly valid: (value: unknown) => boolean }>> = {
  probability: { sentence: 'a number above 0 and at most 1', valid: (value) => isNumber(value) && value > 0 && value <= 1 },
  every_n: { sentence: 'an integer of at least 1', valid: (value) => Number.isInteger(value) && Number(value) >= 1 },
  ttl_ms: { sentence: 'a number of milliseconds above 0', valid: (value) => isNumber(value) && value > 0 },
  delay_ms: { sentence: 'a number of milliseconds of at least 0', valid: (value) => isNumber(value) && value >= 0 },
  retry_after_s: { sentence: 'a number of seconds of at least 0', valid: (value) => isNumber(value) && value >= 0 },
  account: { sentence: 'the alias of an account', valid: (value) => typeof value === 'string' && value !== '' },
  provider: oneOf(PROVIDERS),
  channel: oneOf(CHANNELS),
}

function oneOf(names: readonly string[]): (typeof EXPECTED)[Parameter] {
  return { sentence: `one of ${names.join(', ')}`, valid: (value) => names.includes(String(value)) }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
