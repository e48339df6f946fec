/** The service's way to the network, with a count of what never arrived: no ledger knows of it. Only anisette is ever closed. */
export function countRefused(): { fetch: typeof fetch; refused: () => number } {
  let refused = 0
  return {
    refused: () => refused,
    async fetch(input, init) {
      try {
        return await fetch(input, init)
      } catch (error) {
        const { cause } = error as { cause?: { code?: string } }
        if (cause?.code === 'ECONNREFUSED') refused++
        throw error
      }
    },
  }
}
