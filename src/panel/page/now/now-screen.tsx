import type { JSX } from 'preact'

import type { NowFilter } from '../route/route.ts'
import { alerts, known, services } from '../state/store.ts'
import { stay } from '../state/where.ts'
import { texts } from '../texts.ts'
import { AlertList } from './alert-list.tsx'
import { FilterBar } from './filter-bar.tsx'
import { showsAlert, showsService } from './filter.ts'
import { worseService } from './order.ts'
import { ServiceTable } from './service-table.tsx'

const words = texts.now

export function NowScreen({ filter }: { readonly filter: NowFilter }): JSX.Element {
  const all = services.value
  const setFilter = (change: Partial<NowFilter>): void => stay({ screen: 'now', filter: { ...filter, ...change } })
  if (!known.value) return <p class="quiet">{texts.freshness({ is: 'waiting' })}</p>
  if (all.length === 0 && alerts.value.length === 0) return <FirstSteps />
  const shown = all.filter((row) => showsService(filter, row)).toSorted(worseService)
  return (
    <>
      <h1 class="hidden">{words.title}</h1>
      <FilterBar filter={filter} onChange={setFilter} />
      <AlertList all={alerts.value} shown={alerts.value.filter((row) => showsAlert(filter, row))} />
      <ServiceTable all={all.length} shown={shown} grouped={filter.grouped} />
    </>
  )
}

function FirstSteps(): JSX.Element {
  return (
    <section class="first">
      <h1>{words.noServices}</h1>
      <p>{words.firstSteps}</p>
      <pre tabIndex={0}>
        <code>{words.firstCommand}</code>
      </pre>
      <p>{words.demo}</p>
    </section>
  )
}
