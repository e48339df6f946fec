/** What stands where something is being asked for, or could not be had. What was had before stays. */
import type { ComponentChildren, JSX } from 'preact'

import type { Resource } from '../state/resource.ts'
import { texts } from '../texts.ts'

interface LoadedProps<T> {
  readonly of: Resource<T>
  /** What is said where there is no such thing (404). */
  readonly missing?: string
  readonly children: (value: T) => ComponentChildren
}

export function Loaded<T>({ of: { value, error, reload }, missing, children }: LoadedProps<T>): JSX.Element {
  if (error?.status === 404 && missing !== undefined) return <p class="quiet">{missing}</p>
  if (value === undefined && !error) return <p class="quiet">{texts.api.loading}</p>
  return (
    <>
      {error && (
        <p class="trouble" role="status">
          {value === undefined ? `${texts.api.failed} ${error.message}` : texts.api.old(error.message)}{' '}
          <button type="button" onClick={reload}>
            {texts.api.again}
          </button>
        </p>
      )}
      {value !== undefined && children(value)}
    </>
  )
}
