/** The attribute that a rule or a figure is split by. */
import type { Context } from './judged-reading.ts'
import type { MetricRef, ReadingData } from './rule-data.ts'

/** Throws one sentence if none of the metrics that it reads has the attribute, or it is that of the state that is judged. */
export function checkedBy(by: string, when: ReadingData, context: Context): string {
  if (when.reading === 'state' && when.attribute === by)
    throw new Error(`The ${context.whose} is split by ${by}, whose states it judges: use another attribute.`)
  for (const ref of refsOf(when)) {
    const { attributes, name: metric } = context.metric(ref)
    if (Object.keys(attributes).length > 0 && !Object.hasOwn(attributes, by)) {
      throw new Error(
        `The ${context.whose} is split by ${by}, but ${metric} has the attributes ${Object.keys(attributes).join(', ')}: use one that all metrics it reads have.`,
      )
    }
  }
  return by
}

/** The metrics that a reading names. */
export function refsOf(when: ReadingData): readonly MetricRef[] {
  return Object.values(when).filter((each): each is MetricRef => typeof (each as MetricRef | undefined)?.metric === 'string')
}
