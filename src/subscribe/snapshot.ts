/** What is known at one instant: where a reader begins, and begins again. */
import type { Cluster, Redis } from 'ioredis'
import { parseAlertDocument } from '../wire/alert-document.ts'
import type { AlertView } from '../wire/alert-view.ts'
import { parseStatus } from '../wire/message.ts'
import type { StatusMessage } from '../wire/status-message.ts'
import { alertKey, instancesKey, META_KEY, OPEN_KEY, SERVICES_KEY, statusKey } from '../wire/names.ts'

export interface InstanceView {
  readonly instance: string
  /** Epoch milliseconds of the server. */
  readonly lastBeatAt: number
  /** Its last message; `undefined` once it has been silent for three of its publishing intervals. */
  readonly status: StatusMessage | undefined
}

export interface ServiceView {
  readonly service: string
  readonly lastBeatAt: number
  readonly instances: readonly InstanceView[]
}

export interface HealthView {
  /** Epoch milliseconds of the server. */
  readonly at: number
  /** Another epoch: the server has lost its memory, and sequence numbers begin anew. */
  readonly epoch: string | null
  /** Of the last transition that this view contains. */
  readonly seq: number
  readonly services: readonly ServiceView[]
  /** Firing, recovering or unknown. */
  readonly alerts: readonly AlertView[]
}

const MOST = 1000

/** Three round trips. `seq` is read first: an alert may be newer than it, never older. */
export async function readSnapshot(client: Redis | Cluster): Promise<HealthView> {
  const [[seq, epoch], [seconds, microseconds], open, services] = await Promise.all([
    client.hmget(META_KEY, 'seq', 'epoch'),
    client.time(),
    client.zrange(OPEN_KEY, '0', String(MOST - 1)),
    client.zrevrange(SERVICES_KEY, 0, MOST - 1, 'WITHSCORES').then(toScores),
  ])
  const [documents, instances] = await Promise.all([
    Promise.all(open.map((id) => client.hmget(alertKey(id), 'rev', 'doc'))),
    Promise.all(services.map(({ name }) => client.zrevrange(instancesKey(name), 0, MOST - 1, 'WITHSCORES').then(toScores))),
  ])
  const messages = await Promise.all(services.map(({ name }, i) => readMessages(client, name, instances[i] ?? [])))
  return {
    at: Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000),
    epoch: epoch ?? null,
    seq: Number(seq ?? 0),
    services: services
      .map(({ name, at }, i) => ({
        service: name,
        lastBeatAt: at,
        instances: (instances[i] ?? []).map((instance, j) => ({
          instance: instance.name,
          lastBeatAt: instance.at,
          status: parseStatus(name, messages[i]?.[j] ?? ''),
        })),
      }))
      .toSorted((a, b) => (a.service < b.service ? -1 : 1)),
    alerts: documents.flatMap(([rev, document]) => parseAlertDocument(rev, document) ?? []),
  }
}

async function readMessages(client: Redis | Cluster, service: string, instances: readonly Score[]): Promise<(string | null)[]> {
  return instances.length === 0 ? [] : client.mget(instances.map(({ name }) => statusKey(service, name)))
}

interface Score {
  readonly name: string
  readonly at: number
}

function toScores(reply: readonly string[]): Score[] {
  const scores: Score[] = []
  for (let i = 0; i + 1 < reply.length; i += 2) scores.push({ name: reply[i]!, at: Number(reply[i + 1]) })
  return scores
}
