import { useRef, useState } from 'preact/hooks'

import { holdOrder, type HeldOrder } from '../now/order.ts'

export interface Held<T> extends HeldOrder<T> {
  /** Keys of what has come since the order is held: it stands last, wherever it belongs. */
  readonly late: ReadonlySet<string>
  readonly sortAgain: () => void
}

const NONE: ReadonlySet<string> = new Set()

/** The order that is wanted, but for while it is held: nothing moves from under a hand that is about to press it. */
export function useHeldOrder<T>(wanted: readonly T[], keyOf: (item: T) => string, isHeld: boolean): Held<T> {
  const keys = useRef<readonly string[]>([])
  const atFirst = useRef<ReadonlySet<string>>(undefined)
  const [, drawAgain] = useState(0)
  if (isHeld) atFirst.current ??= new Set(keys.current)
  else atFirst.current = undefined
  const order = isHeld ? holdOrder(keys.current, wanted, keyOf) : { items: wanted, moved: 0 }
  keys.current = order.items.map(keyOf)
  const late = atFirst.current ? new Set(keys.current.filter((key) => !atFirst.current!.has(key))) : NONE
  const sortAgain = (): void => {
    keys.current = wanted.map(keyOf)
    atFirst.current = undefined
    drawAgain((times) => times + 1)
  }
  return { ...order, late, sortAgain }
}
