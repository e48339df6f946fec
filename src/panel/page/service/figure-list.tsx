/** Every figure that a service says, as it says it. */
import type { JSX } from 'preact'

import { number, NOTHING } from '../show/figures.ts'
import { texts } from '../texts.ts'
import { flatFigures } from './flat-figures.ts'

interface FigureListProps {
  readonly metrics: Readonly<Record<string, unknown>>
  readonly unknown: Readonly<Record<string, string>>
}

export function FigureList({ metrics, unknown }: FigureListProps): JSX.Element {
  return (
    <details class="figures">
      <summary>{texts.service.figures}</summary>
      <dl>
        {flatFigures(metrics).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {value === null ? NOTHING : typeof value === 'number' ? number(value) : String(value)}
              {Object.hasOwn(unknown, name) && <span class="quiet"> {unknown[name]}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
