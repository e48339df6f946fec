import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/** A dialog that is open as long as it is in the page. Whoever is done with it is where they were before, or at the content if that is gone. */
export function useModal(): RefObject<HTMLDialogElement> {
  const box = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    const before = document.activeElement
    const dialog = box.current!
    dialog.showModal()
    return () => {
      dialog.close()
      const back =
        before instanceof HTMLElement && before.isConnected && before !== document.body
          ? before
          : document.querySelector<HTMLElement>('#content')
      back?.focus({ preventScroll: true })
    }
  }, [])
  return box as RefObject<HTMLDialogElement>
}
