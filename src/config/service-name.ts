/** The name of the service in keys and channels of the health Redis. */

const LONGEST = 64

/** Lower case; characters other than `[a-z0-9._-]` become `_`; 64 characters at most. `undefined` if nothing is left of it. */
export function toServiceName(name: string): string | undefined {
  const clean = name
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]/gu, '_')
    .slice(0, LONGEST)
  return /[a-z0-9]/.test(clean) ? clean : undefined
}
