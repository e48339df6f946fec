/** What a panel shows, as data; whoever draws it is elsewhere. */
import type { RuleLimits } from '../types.ts'
import type { LineColour } from './line-colours.ts'

/** Panels under one heading. */
export interface PanelRow {
  readonly title: string
  readonly panels: readonly PanelSpec[]
}

export interface Query {
  readonly expr: string
  /** As Grafana's legend format; of a table the name of the column. */
  readonly legend: string
}

/** Rows of a figure that stands beside a chart, which is as high. */
export const BESIDE_A_CHART = 8

/** A state as a number, and how people see it; the number is its place in the list. */
export interface ShownState {
  readonly state: string
  readonly colour: string
}

/** What every panel says of itself. */
export interface Described {
  readonly title: string
  readonly description: string
  /** Grafana's id of a unit. */
  readonly unit: string
  /** Columns of 24. */
  readonly width: number
  /** Rows of a dashboard, 38 pixels each; left out: as of all panels of its kind. */
  readonly height?: number
  /** What stands there where there are no data; left out: `no data`. */
  readonly empty?: string
  readonly queries: readonly Query[]
}

/** Limits of the rule that judges what is shown, in the panel's unit. */
interface Judged {
  readonly limits?: RuleLimits | undefined
}

export type PanelSpec =
  | (Described & Judged & { readonly kind: 'timeseries'; readonly stacked?: boolean; readonly colours?: readonly LineColour[] })
  /** One figure of now, or a state's number. */
  | (Described & Judged & { readonly kind: 'stat'; readonly states?: readonly ShownState[] })
  | (Described & { readonly kind: 'timeline'; readonly states: readonly ShownState[] })
  | (Described & { readonly kind: 'heatmap' })
  | (Described & { readonly kind: 'table'; readonly columns: TableColumns })

export interface TableColumns {
  /** Labels that name a row, and what their columns are called. */
  readonly labels: Readonly<Record<string, string>>
  /** By column: what it shows, if not plain text or a plain number. */
  readonly shown?: Readonly<Record<string, ShownColumn>>
  readonly sortBy: { readonly column: string; readonly descending: boolean }
}

interface ShownColumn {
  readonly unit?: string
  readonly states?: readonly ShownState[]
  /** Of texts. */
  readonly colours?: Readonly<Record<string, string>>
  readonly limits?: RuleLimits
  /** Where a cell leads to; in an address `${__data.fields…}` names the cells of its row. */
  readonly links?: readonly { readonly title: string; readonly url: string }[]
}
