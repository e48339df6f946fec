/** The name of the service in keys and channels of the health Redis. */

const LONGEST = 64

/** Lower case; characters other than `[a-z0-9._-]` become `_`, those before the first letter or digit go; 64 characters at most. `undefined` if nothing is left of it. */
export function toServiceName(name: string): string | undefined {
  const clean = name
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]/gu, '_')
    .replace(/^[._-]+/, '')
    .slice(0, LONGEST)
  return clean === '' ? undefined : clean
}
