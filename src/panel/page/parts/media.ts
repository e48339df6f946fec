import { useEffect, useState } from 'preact/hooks'

/** Whether the browser says so now, such as `(max-width: 720px)`. */
export function useMedia(query: string): boolean {
  const [is, set] = useState(() => matchMedia(query).matches)
  useEffect(() => {
    const list = matchMedia(query)
    const change = (): void => set(list.matches)
    change()
    list.addEventListener('change', change)
    return () => list.removeEventListener('change', change)
  }, [query])
  return is
}

/** Narrow: tables are cards. As the style sheet has it. */
export const NARROW = '(max-width: 760px)'
