/** Every kind of service: the one place that names them. A line here and a folder are all that a new one is. */
export { trackerFetcher } from './tracker-fetcher/kind.ts'
export { worker } from './worker/kind.ts'
