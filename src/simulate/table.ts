/** The table of aims, as people read it. */
import type { UntilTold } from './fault.ts'
import type { Measured, MeasuredQuiet } from './measure.ts'
import { RATES } from './aims.ts'

export function tableOf(rows: readonly Measured[]): string {
  const quiet = rows.filter(({ aim }) => aim.kind === 'quiet')
  const faults = rows.filter(({ aim }) => aim.kind === 'fault')
  return [
    `Pages in 30 days of what is within its limit (at ${RATES.join(', ')} an hour, where nothing else is said):`,
    ...quiet.map(quietLine),
    '',
    'Minutes until a fault is told, median / 90th percentile:',
    ...faults.map(faultLine),
  ].join('\n')
}

function quietLine({ aim, figures, isMet }: Measured): string {
  const { pages, critical, real } = figures as MeasuredQuiet
  const [found, outages, most] = real
  const apart = outages > 0 ? `; ${found} of ${outages} outages told, ${most} times at most` : ''
  const sum = pages.reduce((total, each) => total + each, 0)
  const bar = aim.kind === 'quiet' ? aim.most : 0
  return `${mark(isMet)} ${aim.name.padEnd(58)} ${pages.map((each) => each.toFixed(2)).join('  ')}  = ${sum.toFixed(2)} (at most ${bar}), ${critical} CRITICAL${apart}`
}

function faultLine({ aim, figures, isMet }: Measured): string {
  if (aim.kind !== 'fault') return ''
  const { median, p90 } = figures as UntilTold
  const bar = aim.p90 === undefined ? `${aim.median}` : `${aim.median} / ${aim.p90}`
  const note = !isMet && aim.note !== undefined ? `: ${aim.note}` : ''
  return `${isMet ? mark(true) : aim.note === undefined ? mark(false) : '  --'} ${aim.name.padEnd(58)} ${minutes(median)} / ${minutes(p90)} (at most ${bar})${note}`
}

function minutes(value: number): string {
  return Number.isFinite(value) ? value.toFixed(1) : 'never'
}

function mark(isMet: boolean): string {
  return isMet ? '  ok' : 'MISS'
}
