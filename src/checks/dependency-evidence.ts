/** What was seen of a server the service uses: by the service's own traffic, or by a probe of ours. */

export type DependencyKind = 'redis' | 'postgres' | 'mysql'

export interface DependencyEvidence {
  readonly kind: DependencyKind
  /** `host:port` as the client was told (IPv6 in brackets), or the absolute path of a Unix socket or Windows pipe. */
  readonly address: string
  /** Whether the server answered; an error reply is an answer too. */
  readonly ok: boolean
  /** Absent where the time says nothing, as of a command that waits on purpose or was not timed. */
  readonly latencyMs?: number
  /** A stable code such as ECONNREFUSED, LOADING or 57P03; only where `ok` is false. */
  readonly error?: string
  /** The server itself said that it serves nobody, or not us: there is nothing a probe could add. */
  readonly refused?: boolean
}
