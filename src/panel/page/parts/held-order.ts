import { useRef, useState } from 'preact/hooks'

import { holdOrder, type HeldOrder } from '../now/order.ts'

export interface Held<T> extends HeldOrder<T> {
  readonly sortAgain: () => void
}

/** The order that is wanted, but for while it is held: nothing moves from under a hand that is about to press it. */
export function useHeldOrder<T>(wanted: readonly T[], keyOf: (item: T) => string, isHeld: boolean): Held<T> {
  const keys = useRef<readonly string[]>([])
  const [, drawAgain] = useState(0)
  const order = isHeld ? holdOrder(keys.current, wanted, keyOf) : { items: wanted, moved: 0 }
  keys.current = order.items.map(keyOf)
  const sortAgain = (): void => {
    keys.current = wanted.map(keyOf)
    drawAgain((times) => times + 1)
  }
  return { ...order, sortAgain }
}
