/** Which case fails is nobody's question here, and to look for the smallest one may take minutes. One seed: what is caught once is caught again. */
import fc from 'fast-check'

fc.configureGlobal({ endOnFailure: true, seed: 1 })
