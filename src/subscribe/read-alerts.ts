/** What the documents of open alerts say. */
import { isOpen } from '../judge/alert.ts'
import { parseAlertDocument } from '../wire/alert-document.ts'
import type { AlertView } from '../wire/alert-view.ts'
import { parseFields } from '../wire/fields.ts'
import { whyNotRead } from '../wire/message.ts'
import { NOT_SIGNED } from '../wire/signature.ts'
import { isServiceName, type ShardNames } from '../wire/names.ts'
import type { Problem } from './health-view.ts'
import type { Ask } from './redis-questions.ts'

export interface AlertsRead {
  readonly alerts: readonly AlertView[]
  readonly problems: readonly Problem[]
}

/** Bytes. */
const LARGEST = 64 * 1024
const LONGEST_REV = 16

/** Two round trips, and a third if one of them is missing. Those that have been resolved meanwhile are left out. */
export async function readAlerts(ask: Ask, names: ShardNames, ids: readonly string[]): Promise<AlertsRead> {
  const alerts: AlertView[] = []
  const problems: Problem[] = []
  const missing: string[] = []
  const report = (id: string, reason: string, service?: string) =>
    problems.push({ key: names.alert(id), reason, ...(service !== undefined && { service }) })

  const sizes = await ask(ids.flatMap((id) => (['rev', 'doc'] as const).map((field) => ['hstrlen', names.alert(id), field] as const)))
  const fitting = ids.filter((id, i) => {
    const [rev, document] = [sizes[2 * i]!, sizes[2 * i + 1]!]
    if (rev.refused !== undefined) return (report(id, rev.refused), false)
    if (Number(document.value) === 0) return (missing.push(id), false)
    if (Number(document.value) <= LARGEST && Number(rev.value) <= LONGEST_REV) return true
    return (report(id, 'is larger than 64 KB'), false)
  })

  const documents = await ask(fitting.map((id) => ['hmget', names.alert(id), 'rev', 'doc']))
  for (const [i, { value, refused }] of documents.entries()) {
    const id = fitting[i]!
    if (refused !== undefined) {
      report(id, refused)
      continue
    }
    const [rev, document] = value as [string | null, string | null]
    if (document === null) {
      missing.push(id)
      continue
    }
    const alert = parseAlertDocument(rev, document, names.hmacKey)
    const why = () => whyNotRead(document) ?? (parseAlertDocument(rev, document) ? NOT_SIGNED : 'is no alert document')
    if (!alert) report(id, `alert ${id} ${why()}`, serviceIn(document))
    else if (alert.alert_id !== id) report(id, `alert ${id} is the document of another alert`, alert.service)
    else if (isOpen(alert)) alerts.push(alert)
  }

  const stillOpen = await ask(missing.map((id) => ['zscore', names.open, id]))
  for (const [i, { value }] of stillOpen.entries()) {
    if (typeof value === 'string') report(missing[i]!, `alert ${missing[i]!} is listed as open and has no document`)
  }
  return { alerts, problems }
}

function serviceIn(document: string): string | undefined {
  const service = parseFields(document)?.['service']
  return isServiceName(service) ? service : undefined
}
