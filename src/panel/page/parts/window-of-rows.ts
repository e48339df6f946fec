import type { RefObject } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

export interface RowWindow {
  readonly from: number
  /** Not in it any more. */
  readonly to: number
}

/** Rows beyond the edges of the screen: enough for the next one to be there when the focus goes on to it. */
const BEYOND = 10

/** Where each row begins, and where the last one ends. */
export function topsOf(heights: readonly number[]): readonly number[] {
  const tops = [0]
  for (const height of heights) tops.push(tops.at(-1)! + height)
  return tops
}

/** Which of many rows are on the screen, `above` pixels of which are above it. Pure. */
export function rowsOnScreen(tops: readonly number[], above: number, screenHeight: number): RowWindow {
  const count = tops.length - 1
  const from = Math.max(0, Math.min(count, rowAt(tops, above) - BEYOND))
  return { from, to: Math.max(from, Math.min(count, rowAt(tops, above + screenHeight) + 1 + BEYOND)) }
}

/** The last row that begins at `y` or above it. */
function rowAt(tops: readonly number[], y: number): number {
  let [low, high] = [0, tops.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (tops[middle]! <= y) low = middle
    else high = middle - 1
  }
  return low
}

/** Of the rows in `box`, which scrolls with the page. */
export function useWindowOfRows(box: RefObject<HTMLElement | null>, tops: readonly number[]): RowWindow {
  const count = tops.length - 1
  const [seen, setSeen] = useState<RowWindow>({ from: 0, to: Math.min(count, 40) })
  const look = (): void => {
    const top = box.current?.getBoundingClientRect().top ?? 0
    const next = rowsOnScreen(tops, -top, innerHeight)
    setSeen((before) => (before.from === next.from && before.to === next.to ? before : next))
  }
  const latest = useRef(look)
  latest.current = look
  // Each time: what stands above the rows may have moved them.
  useLayoutEffect(look)
  useLayoutEffect(() => {
    const again = (): void => latest.current()
    addEventListener('scroll', again, { passive: true })
    addEventListener('resize', again)
    return () => {
      removeEventListener('scroll', again)
      removeEventListener('resize', again)
    }
  }, [])
  return { from: Math.min(seen.from, count), to: Math.min(seen.to, count) }
}
