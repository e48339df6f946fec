import type { JSX } from 'preact'

import { AlertActions, Instances, Standing } from '../now/alert-card.tsx'
import { Crumb } from '../parts/crumb.tsx'
import { Labels } from '../parts/labels.tsx'
import { Link, serviceRoute } from '../parts/link.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { SeverityMark } from '../parts/mark.tsx'
import { For } from '../parts/when.tsx'
import type { AlertRow, AlertTimeline } from '../../protocol.ts'
import { dayAndTime } from '../show/when.ts'
import { useResource } from '../state/resource.ts'
import { known } from '../state/store.ts'
import { texts } from '../texts.ts'
import { NoteForm } from './note-form.tsx'
import { Steps } from './steps.tsx'

const words = texts.alert
const EVERY_MS = 15_000

export function AlertScreen({ id, episode }: { readonly id: string; readonly episode?: number }): JSX.Element {
  const live = known.value?.alerts.get(id)
  const query = episode === undefined ? '' : `?episode=${episode}`
  const timeline = useResource<AlertTimeline>(`alerts/${encodeURIComponent(id)}${query}`, EVERY_MS, `${live?.rev} ${live?.episode}`)
  return (
    <Loaded of={timeline} missing={words.unknown}>
      {(loaded) => <Timeline timeline={loaded} live={live} reload={timeline.reload} />}
    </Loaded>
  )
}

interface TimelineProps {
  readonly timeline: AlertTimeline
  /** As it is now, if it is open. */
  readonly live: AlertRow | undefined
  readonly reload: () => void
}

function Timeline({ timeline: { alert: loaded, episode, episodes, steps, cut }, live, reload }: TimelineProps): JSX.Element {
  const isOpen = live !== undefined && live.episode === episode
  const alert = isOpen ? live : loaded
  const { id, service, rule, labels, severity, since, message } = alert
  return (
    <>
      <Crumb of={words.crumb} name={rule}>
        {isOpen && <AlertActions alert={alert} />}
      </Crumb>
      <section class={`alert is-${severity}`} {...(isOpen && { 'data-shown-alert': id })}>
        <span />
        <div class="what">
          <p class="controls">
            <SeverityMark severity={severity} />
            <Link to={serviceRoute(service)} class="service">
              {service}
            </Link>
            <Labels of={labels} />
            {isOpen ? (
              <span class="quiet">
                {texts.now.since} {dayAndTime(since)} (<For at={since} />)
              </span>
            ) : (
              <strong>{words.over}</strong>
            )}
          </p>
          <p class="evidence">{message}</p>
          {isOpen && <Standing alert={alert} />}
          <Instances alert={alert} />
        </div>
      </section>
      {episodes.length > 1 && (
        <nav class="controls" aria-label={words.episodes}>
          {words.episodes}:
          {episodes.slice(0, 12).map((each) => (
            <Link key={each.episode} class="chip" to={{ screen: 'alert', id, episode: each.episode }} current={each.episode === episode}>
              {dayAndTime(each.from)}
            </Link>
          ))}
        </nav>
      )}
      <section>
        <h2>{words.timeline}</h2>
        {cut && <p class="quiet">{words.cut}</p>}
        <Steps steps={steps} />
      </section>
      <NoteForm alert={id} onDone={reload} />
    </>
  )
}
