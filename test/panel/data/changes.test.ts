import fc from 'fast-check'
import { expect, test } from 'vitest'

import { applyChange, changeBetween, saysSomething, wholeChange } from '../../../src/panel/data/changes.ts'
import { NowRows } from '../../../src/panel/data/now-rows.ts'
import type { Now } from '../../../src/panel/protocol.ts'
import type { ServiceView } from '../../../src/subscribe/health-view.ts'
import type { AlertView } from '../../../src/wire/alert-view.ts'
import { AT, alertView, iso, serviceView, viewOf } from './views.ts'

interface State {
  readonly services: readonly {
    readonly name: string
    readonly beat: number
    readonly status: 'healthy' | 'degraded'
    readonly on: string
  }[]
  readonly alerts: readonly { readonly id: string; readonly rev: number; readonly critical: boolean }[]
  readonly stale: boolean
}

const name = fc.constantFrom('a', 'b', 'c', 'd')
const states = fc.array(
  fc.record<State>({
    services: fc.uniqueArray(
      fc.record({ name, beat: fc.nat(2), status: fc.constantFrom('healthy' as const, 'degraded' as const), on: name }),
      { selector: (each) => each.name },
    ),
    alerts: fc.uniqueArray(fc.record({ id: name, rev: fc.nat(2), critical: fc.boolean() }), { selector: ({ id }) => id }),
    stale: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
)

/** As the subscriber has it: what has not changed is the same object, but alerts are read anew at any time. */
function viewsOf(all: readonly State[]) {
  const views = new Map<string, ServiceView>()
  return all.map(({ services, alerts, stale }, i) => {
    const shown = services.map((each) => {
      const key = JSON.stringify(each)
      const view =
        views.get(key) ?? serviceView(each.name, { beat: each.beat, agoMs: each.beat, status: each.status, depends_on: [each.on] })
      views.set(key, view)
      return view
    })
    const open = alerts.map(({ id, rev, critical }): AlertView =>
      alertView({ alert_id: id, service: id, rev, severity: critical ? 'CRITICAL' : 'WARNING', since: iso(AT - rev) }),
    )
    const byName = shown.toSorted((a, b) => (a.service < b.service ? -1 : 1))
    return viewOf(byName, open, { at: AT + i, seq: i, ...(stale && { staleSince: AT }) })
  })
}

test('changes applied one after the other give the newest state, as it is said anew', () => {
  fc.assert(
    fc.property(states, fc.nat(100), (all, whole) => {
      const rows = new NowRows()
      let [shown, before]: (Now | undefined)[] = []
      for (const [i, view] of viewsOf(all).entries()) {
        const now = rows.of(view)
        const change = i === whole ? wholeChange(before, now) : changeBetween(before, now)
        // Over the wire.
        const told = JSON.parse(JSON.stringify(change)) as typeof change
        shown = shown ? applyChange(shown, told) : now
        before = now
        expect(JSON.parse(JSON.stringify(shown))).toEqual(JSON.parse(JSON.stringify(new NowRows().of(view))))
      }
    }),
  )
})

test('of what has not changed nothing is said', () => {
  const rows = new NowRows()
  const [service, alert] = [serviceView(), alertView()]
  const before = rows.of(viewOf([service], [alert]))
  const later = rows.of(viewOf([service], [alert], { at: AT + 1 }))
  const change = changeBetween(before, later)
  expect(change).toMatchObject({ services: [], servicesGone: [], alerts: [], alertsGone: [], at: AT + 1 })
  expect(saysSomething(before, change)).toBe(false)
  expect(saysSomething(before, changeBetween(before, rows.of(viewOf([service], [alert], { staleSince: 1 }))))).toBe(true)
  expect(saysSomething(before, changeBetween(before, rows.of(viewOf([service], [alert], { seq: 9 }))))).toBe(true)
})
