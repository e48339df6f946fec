/** Each rule with how it reads, its limit, and how far it is from firing. */
import type { JSX } from 'preact'

import { duration } from '../../../subscribe/duration.ts'
import type { RuleRow } from '../../protocol.ts'
import { Gauge } from '../parts/gauge.tsx'
import { Labels } from '../parts/labels.tsx'
import { Shape } from '../parts/mark.tsx'
import { Table } from '../parts/table.tsx'
import { NOTHING, withUnit } from '../show/figures.ts'
import { isFresh } from '../state/store.ts'
import { texts } from '../texts.ts'

const words = texts.service
const SHAPES = { ok: 'healthy', breach: 'unhealthy', inconclusive: 'unknown' } as const

export function RuleTable({ rules }: { readonly rules: readonly RuleRow[] }): JSX.Element {
  const { name, says, reading, limit, distance, held, instance } = words.rule
  // Of one instance alone it need not be said on each line which it is.
  const isOfSeveral = new Set(rules.map((row) => row.instance)).size > 1
  return (
    <Table
      label={words.rules}
      columns={[
        ['rule', name],
        ['says', says],
        ['reading', reading],
        ['limit', limit],
        ['distance', distance],
        ['held', held],
        ...(isOfSeveral ? [['instance', instance] as const] : []),
      ]}
      rows={rules}
      keyOf={(row) => `${row.rule} ${JSON.stringify(row.labels ?? {})}`}
      cells={(row) => [
        <>
          {row.rule} <Labels of={row.labels} />
        </>,
        <Says rule={row} />,
        withUnit(row.current, row.unit),
        withUnit(row.threshold, row.unit),
        <Distance rule={row} />,
        <HeldFor rule={row} />,
        ...(isOfSeveral ? [row.instance] : []),
      ]}
    />
  )
}

function Says({ rule: { says, reason, watched } }: { readonly rule: RuleRow }): JSX.Element {
  const word = words.says[says]
  return (
    <>
      <span class={`mark is-${SHAPES[says]}`}>
        <Shape of={SHAPES[says]} /> {isFresh.value ? word : texts.was(word)}
      </span>
      {reason !== undefined && (
        <span class="reason">
          {words.reason(reason)}
          {watched && `, ${words.held(duration(1000 * watched.seconds), duration(1000 * watched.of))}`}
        </span>
      )}
    </>
  )
}

/** The fuller, the nearer; full is at or beyond the limit. */
function Distance({ rule: { distance } }: { readonly rule: RuleRow }): JSX.Element {
  if (distance === undefined) return <>{NOTHING}</>
  return (
    <span class="distance">
      <Gauge label={words.rule.distance} part={1 - distance} />
      <span class="small">{words.distance(distance)}</span>
    </span>
  )
}

/** `12 s of 30 s`: a breach fires when it has held for so long. */
function HeldFor({ rule: { heldSeconds, forSeconds } }: { readonly rule: RuleRow }): JSX.Element {
  if (forSeconds === undefined || heldSeconds === undefined) return <>{NOTHING}</>
  return (
    <span class="distance">
      {forSeconds > 0 && <Gauge label={words.rule.held} part={heldSeconds / forSeconds} />}
      <span class="small">{words.held(duration(heldSeconds * 1000), duration(forSeconds * 1000))}</span>
    </span>
  )
}
