import { useLayoutEffect, useState } from 'preact/hooks'
import type { RefObject } from 'preact'

export interface RowWindow {
  readonly from: number
  /** Not in it any more. */
  readonly to: number
}

/** Rows beyond the edges of the screen: enough for the next one to be there when the focus goes on to it. */
const BEYOND = 10

/** Which of many rows of one height are on the screen. Pure. */
export function rowsOnScreen(count: number, rowHeight: number, above: number, screenHeight: number): RowWindow {
  const from = Math.max(0, Math.min(count, Math.floor(above / rowHeight) - BEYOND))
  const to = Math.max(from, Math.min(count, Math.ceil((above + screenHeight) / rowHeight) + BEYOND))
  return { from, to }
}

/** Of the rows in `box`, which scrolls with the page. */
export function useWindowOfRows(box: RefObject<HTMLElement | null>, count: number, rowHeight: number): RowWindow {
  const [seen, setSeen] = useState<RowWindow>({ from: 0, to: Math.min(count, 40) })
  useLayoutEffect(() => {
    const look = (): void => {
      const top = box.current?.getBoundingClientRect().top ?? 0
      const next = rowsOnScreen(count, rowHeight, -top, innerHeight)
      setSeen((before) => (before.from === next.from && before.to === next.to ? before : next))
    }
    look()
    addEventListener('scroll', look, { passive: true })
    addEventListener('resize', look)
    return () => {
      removeEventListener('scroll', look)
      removeEventListener('resize', look)
    }
  }, [count, rowHeight])
  return { from: Math.min(seen.from, count), to: Math.min(seen.to, count) }
}
