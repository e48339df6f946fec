import type { JSX } from 'preact'

interface SearchFieldProps {
  readonly value: string
  /** What is searched: it is the name of the field as well. */
  readonly says: string
  readonly onInput: (value: string) => void
}

/** The one field of a screen that the key for searching goes to. */
export function SearchField({ value, says, onInput }: SearchFieldProps): JSX.Element {
  return (
    <input
      type="search"
      id="search"
      value={value}
      placeholder={says}
      aria-label={says}
      onInput={({ currentTarget }) => onInput(currentTarget.value)}
    />
  )
}
