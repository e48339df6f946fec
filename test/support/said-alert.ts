/** Says of an alert what an instance would, by the very script. */
import type { AlertState, Severity } from '../../src/types.ts'
import type { ShardNames } from '../../src/wire/names.ts'
import type { AlertReply, PublisherClient } from '../../src/wire/redis-client.ts'
import { alertKeys } from '../../src/wire/scripts/alert.ts'

export interface Said {
  readonly id?: string
  readonly service?: string
  readonly rule?: string
  readonly state?: AlertState
  readonly severity?: Severity
  readonly labels?: Readonly<Record<string, string>>
  /** `<service>:<rule>` each. */
  readonly causes?: string
}

let n = 0

export function sayAlert(client: PublisherClient, names: ShardNames, said: Said = {}): Promise<AlertReply> {
  const { id = 'a1', service = 'mailer', rule = 'low_success_rate', state = 'firing', severity = 'WARNING', labels, causes = '' } = said
  const breaching = state === 'pending' || state === 'firing'
  return client.healthAlert(
    ...alertKeys(names, id, service),
    'i1',
    `{"state":"${state}","severity":"${severity}","breaching":${breaching},"known":true,"keep":86400000,"start":1,"n":${++n},"episode":1,"age":0,`,
    `"timers":{},"says":{"message":"${rule} is bad","value":null}}`,
    JSON.stringify({ alert_id: id, service, rule, labels }).slice(1, -1),
    ...['any untold staying condition', names.alertsChannel, '86400000', 'e', causes],
  )
}

export interface ToldMessage {
  readonly type: string
  readonly alert_id: string
  readonly deliver: boolean
  readonly actor: string | null
  readonly cause: string
  readonly message: string
}
