export interface Service {
  /** Resolves once the service works. */
  start(): Promise<void>
  /** Takes no new work and resolves when what is open is finished. Nothing is left running. */
  drain(): Promise<void>
  /** What became of everything this process took on, to the last unit. */
  counts(): object
}
