/** What people do about alerts, done by the same commands as those of the command line. */
import { ControlError } from '../../control/control-error.ts'
import type { HealthControl } from '../../control/health-control.ts'
import type { Actor } from '../panel-data.ts'
import type { ActionAnswer, ActionRequest, AlertAction } from '../protocol.ts'

export type Controlling = Pick<
  HealthControl,
  'ack' | 'unack' | 'resolve' | 'note' | 'silence' | 'silenceUntilResolved' | 'maintenance' | 'unsilence' | 'extend' | 'forget'
>

/** Alerts of one request. */
const MOST_ALERTS = 500
/** That are dealt with at a time. */
const AT_ONCE = 4

/**
 * Of several alerts each is dealt with alone: what cannot be done with one is a sentence among `refused`. Rejects with a ControlError if it was
 * asked for wrongly, or if the one thing that was asked for cannot be done; with the server's error if Redis does not answer.
 */
export async function acting(
  control: Controlling,
  action: AlertAction,
  request: ActionRequest,
  { by, from }: Actor,
): Promise<ActionAnswer> {
  const { why, forMs, matcher, untilResolved, every, zone = 'UTC', silence, service } = request
  const said = { by, why, from }
  switch (action) {
    case 'ack':
      return await withEach(request, (id) => control.ack(id, { ...said, ...(forMs !== undefined && { forMs }) }))
    case 'unack':
      return await withEach(request, (id) => control.unack(id, said))
    case 'resolve':
      return await withEach(request, (id) => control.resolve(id, said))
    case 'note':
      return await withEach(request, (id) => control.note(id, said))
    case 'silence': {
      const made =
        untilResolved === undefined
          ? await control.silence(needed(matcher, 'matcher', MATCHER), { ...said, forMs: needed(forMs, 'forMs', LENGTH) })
          : await control.silenceUntilResolved(untilResolved, said)
      return done(made.id)
    }
    case 'maintenance': {
      const [which, length] = [needed(matcher, 'matcher', MATCHER), needed(forMs, 'forMs', LENGTH)]
      const made =
        every === undefined
          ? control.silence(which, { ...said, forMs: length })
          : control.maintenance(which, { ...said, every, zone, forSeconds: length / 1000 })
      return done((await made).id)
    }
    case 'unsilence':
      return done((await control.unsilence(needed(silence, 'silence', SILENCE), said)).id)
    case 'extend':
      return done((await control.extend(needed(silence, 'silence', SILENCE), { ...said, forMs: needed(forMs, 'forMs', LENGTH) })).id)
    case 'forget': {
      const which = needed(service, 'service', 'the name of a service')
      await control.forget(which, said)
      return done(which)
    }
    default:
      throw new ControlError('asked', `There is no action ${JSON.stringify(action satisfies never)}.`)
  }
}

const MATCHER = 'what is to be silent, such as service=mailer'
const LENGTH = 'for how many milliseconds'
const SILENCE = 'the id of a silence'

function needed<T>(value: T | undefined, name: string, expected: string): T {
  if (value === undefined) throw new ControlError('asked', `There is no ${name}, expected ${expected}.`)
  return value
}

function done(what: string): ActionAnswer {
  return { done: [what], refused: [] }
}

async function withEach({ alerts = [] }: ActionRequest, act: (id: string) => Promise<unknown>): Promise<ActionAnswer> {
  const ids = [...new Set(alerts)]
  if (ids.length === 0) throw new ControlError('asked', 'There is no alert among alerts, expected the ids of one or several.')
  if (ids.length > MOST_ALERTS)
    throw new ControlError('asked', `There are ${ids.length} alerts, expected at most ${MOST_ALERTS} at a time.`)
  const outcomes: { readonly what: string; readonly why?: string }[] = []
  for (let i = 0; i < ids.length; i += AT_ONCE) {
    outcomes.push(...(await Promise.all(ids.slice(i, i + AT_ONCE).map((id) => tried(id, act)))))
  }
  return {
    done: outcomes.flatMap(({ what, why }) => (why === undefined ? [what] : [])),
    refused: outcomes.flatMap(({ what, why }) => (why === undefined ? [] : [{ what, why }])),
  }
}

async function tried(what: string, act: (id: string) => Promise<unknown>): Promise<{ readonly what: string; readonly why?: string }> {
  try {
    await act(what)
    return { what }
  } catch (error) {
    if (error instanceof ControlError) return { what, why: error.message }
    throw error
  }
}
