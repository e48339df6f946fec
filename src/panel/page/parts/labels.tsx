import type { JSX } from 'preact'

/** `check=redis`, as far as there are any. */
export function Labels({ of }: { readonly of: Readonly<Record<string, string>> | undefined }): JSX.Element | null {
  const pairs = Object.entries(of ?? {})
  if (pairs.length === 0) return null
  return (
    <span class="labels">
      {pairs.map(([name, value]) => (
        <span class="label" key={name}>
          {name}={value}
        </span>
      ))}
    </span>
  )
}
