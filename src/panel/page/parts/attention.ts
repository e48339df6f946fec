import { useState } from 'preact/hooks'

import { asking } from '../actions/asking.ts'

export interface Attention {
  /** Somebody points into it, has the focus in it, or is being asked something. */
  readonly isHeld: boolean
  readonly props: {
    readonly onPointerEnter: (event: PointerEvent) => void
    readonly onPointerLeave: () => void
    readonly onFocusIn: () => void
    readonly onFocusOut: (event: FocusEvent) => void
  }
}

export function useAttention(): Attention {
  const [points, setPoints] = useState(false)
  const [focuses, setFocuses] = useState(false)
  return {
    isHeld: points || focuses || asking.value !== undefined,
    props: {
      // A finger points only while it presses, and never says that it has gone.
      onPointerEnter: ({ pointerType }) => setPoints(pointerType === 'mouse'),
      onPointerLeave: () => setPoints(false),
      onFocusIn: () => setFocuses(true),
      onFocusOut: ({ currentTarget, relatedTarget }) => setFocuses((currentTarget as Element).contains(relatedTarget as Node | null)),
    },
  }
}
