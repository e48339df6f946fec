/** What a service is to be, what it was asked and what became of it, and what can be asked of it. */
import type { JSX } from 'preact'

import { duration } from '../../../subscribe/duration.ts'
import type { ControlFacts, DesiredRow } from '../../control-protocol.ts'
import type { InstanceRow, ServiceDetail } from '../../protocol.ts'
import { ActButton } from '../actions/act-button.tsx'
import { useResource } from '../state/resource.ts'
import { now, session } from '../state/store.ts'
import { texts } from '../texts.ts'
import { ControlButtons } from './control-buttons.tsx'
import { RequestCard } from './request-card.tsx'
import { standingOf, wantedOf } from './standing.ts'
import { isControllable, liveOf, type Controlled } from './why-not.ts'

const words = texts.control
/** Until then it may be on its way to be what it is to be. */
const PATIENT_MS = 30_000
const EVERY_MS = 5000

/** `news`: what there may be to be known is asked for again when it changes. */
export function ControlSection({ detail, news }: { readonly detail: ServiceDetail; readonly news: string }): JSX.Element {
  const { row, instances } = detail
  const { service, control } = row
  const facts = useResource<ControlFacts>(`services/${encodeURIComponent(service)}/control`, EVERY_MS, news)
  const down = facts.value?.down ?? []
  const inPart = liveOf(instances).filter((each) => each.control?.pausedInPart)
  const interrupted = liveOf(instances).flatMap((each) => each.control?.interrupted ?? [])
  const controlled: Controlled = { service, instances, control, down, isOn: session.value?.control ?? false }
  return (
    <section class="control">
      <h2>{words.title}</h2>
      {isControllable(controlled) ? (
        <ControlButtons controlled={controlled} instance={null} />
      ) : (
        <p class="quiet">{words.not.none(service)}</p>
      )}
      {down.length > 0 && (
        <ul class="plain">
          {down.map((instance) => (
            <li key={instance} data-down={instance}>
              {words.down(instance)} <ActButton action="start" of={{ control: 'start', service, instance }} />
            </li>
          ))}
        </ul>
      )}
      {inPart.length > 0 && (
        <ul class="plain">
          {inPart.map(({ instance }) => (
            <li key={instance} data-in-part={instance}>
              {words.inPart(instance)}
            </li>
          ))}
        </ul>
      )}
      {interrupted.length > 0 && (
        <ul class="plain">
          {interrupted.map(({ job, queue, times }) => (
            <li key={`${queue} ${job}`} data-interrupted={job}>
              {words.interrupted(job, queue, times)}
            </li>
          ))}
        </ul>
      )}
      {control && control.desired.length > 0 && (
        <ul class="plain">
          {control.desired.map((desired) => (
            <Desired key={desired.instance ?? ''} desired={desired} instances={instances} />
          ))}
        </ul>
      )}
      {control && control.requests.length > 0 && (
        <>
          <h3>{words.requests}</h3>
          <div class="asked-list">
            {control.requests.map((request) => (
              <RequestCard key={request.id} request={request} service={service} />
            ))}
          </div>
        </>
      )}
    </section>
  )
}

/** Apart from what it says that it is; loud where the two have not come together for a while. */
function Desired({ desired, instances }: { readonly desired: DesiredRow; readonly instances: readonly InstanceRow[] }): JSX.Element | null {
  const { instance, until, by, why } = desired
  if (until !== undefined && until <= now.value) return null
  const { is, differsSince } = standingOf(desired, instances)
  const lateMs = differsSince === undefined ? 0 : now.value - differsSince
  const isLate = lateMs > PATIENT_MS
  return (
    <li class={`desired${isLate ? ' is-late' : ''}`} data-desired={instance ?? '*'}>
      <span class="quiet">{words.toBe}</span> <strong>{wantedOf(desired, now.value)}</strong> {words.whose(by, why)}
      {instance !== null && <span class="quiet"> ({instance})</span>} <span class="quiet">{words.is}</span> <strong>{is}</strong>
      {isLate && <span class="small"> {words.differs(duration(lateMs))}</span>}
    </li>
  )
}
