/**
 * What a unit adds to the name of a metric in Prometheus. Source: OTel specification, compatibility/prometheus_and_openmetrics, "Metric
 * Metadata"; a unit that is not of the tables is used as it is, with `_` for what no name may have.
 */

const UNITS: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  // UCUM's own kBy is not of the table of Prometheus 3, so it stays what it is.
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  TiBy: 'tibibytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '%': 'percent',
  // A plain number; what it adds to a gauge is not its unit.
  '1': '',
}

/** What stands behind the `/`, in the singular. */
const PER: Readonly<Record<string, string>> = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week', mo: 'month', y: 'year' }

/** `By/s`: `bytes`, `per_second`. What has a `{thing}` in it adds nothing. */
export function unitWords(unit: string): readonly string[] {
  const slash = unit.indexOf('/')
  const [main, per] = slash < 0 ? [unit, ''] : [unit.slice(0, slash), unit.slice(slash + 1)]
  const mainWord = word(main, UNITS)
  const perWord = withoutEnd(word(per, PER))
  return (perWord ? [withoutEnd(mainWord), `per_${perWord}`] : [mainWord]).filter(Boolean)
}

function word(unit: string, words: Readonly<Record<string, string>>): string {
  const text = unit.trim()
  if (/[{}]/.test(text)) return ''
  const named = Object.hasOwn(words, text) ? words[text]! : text
  return named.replaceAll(/[^a-zA-Z0-9]+/g, '_').replace(/^_/, '')
}

/** Prometheus leaves a `_` at the end of a unit alone, unless something follows. */
function withoutEnd(words: string): string {
  return words.replace(/_$/, '')
}
