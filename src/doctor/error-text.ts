/** An error as it may be shown: its code, else the beginning of its message on one line. Neither holds a credential. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return 'no reason given'
  const { code, cause } = error as NodeJS.ErrnoException
  if (typeof code === 'string') return code
  // fetch says why in the cause alone.
  if (cause instanceof Error) return errorText(cause)
  return error.message.split('\n', 1)[0]!.slice(0, 120)
}
