/** Every kind of service: the one list that names them. A line is all that a new one needs besides its folder. */
export { trackerFetcher } from './tracker-fetcher/kind.ts'
export { worker } from './worker/kind.ts'
