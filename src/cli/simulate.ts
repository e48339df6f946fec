/** `otel-health simulate`: how often the rules of a service would page, for work as somebody describes it. */
import type { OwnRules } from '../rules/rules-config.ts'
import { saidRules, type SaidRule } from '../rules/said-rules.ts'
import { checkProcess, simulateRules, type NotSimulated, type OwnProcess, type Simulated } from '../simulate/own-process.ts'
import type { Io } from './commands.ts'
import { lengthOf } from './control.ts'
import { optionsHere } from './generated-files.ts'
import { CommandError, OK, USAGE } from './outcome.ts'
import { plain } from './text.ts'

/** As given on the command line. */
export interface SimulateFlags {
  readonly rate?: string | undefined
  readonly success?: string | undefined
  readonly burst?: string | undefined
  readonly within?: string | undefined
  readonly batch?: string | undefined
  readonly regular?: boolean | undefined
  readonly limit?: string | undefined
  readonly rule?: string | undefined
  readonly days?: string | undefined
  readonly seeds?: string | undefined
  readonly config?: string | undefined
}

const USE = 'Usage: otel-health simulate --rate 30 --success 97 [--burst 30s] [--rule <name>]; see otel-health --help.'
/** So many days so many times is enough to see a page in ten months, and takes a few seconds. */
const DAYS = 30
const SEEDS = 10
/** More takes longer than anybody waits. */
const MOST_DAYS = 100_000

export async function simulate(io: Io, flags: SimulateFlags): Promise<number> {
  const own = processOf(flags)
  const length = { days: whole(flags.days, '--days', DAYS), seeds: whole(flags.seeds, '--seeds', SEEDS) }
  if (length.days * length.seeds > MOST_DAYS) {
    throw new CommandError(USAGE, `${length.seeds} times ${length.days} days are more than ${MOST_DAYS} days: take fewer.`)
  }
  const rules = rulesAsked(io, flags)
  const { simulated, not } = simulateRules(rules, own, length)
  const [first] = not
  if (simulated.length === 0 && first) throw new CommandError(USAGE, `The rule ${first.rule} cannot be simulated: ${first.why}.`)
  if (io.json) io.out(JSON.stringify({ process: processJson(own), ...length, rules: simulated.map(ruleJson), not_simulated: not }))
  else for (const line of sentences(own, length, simulated, flags.rule === undefined ? not : [])) io.out(line)
  return OK
}

function processOf(flags: SimulateFlags): OwnProcess {
  const { rate, success, burst, within, batch, regular } = flags
  if (rate === undefined || success === undefined)
    throw new CommandError(USAGE, `How much work an hour, and how much of it succeeds? ${USE}`)
  const own = {
    rate: number(rate, '--rate'),
    good: number(success, '--success') / 100,
    ...(burst !== undefined && { burstSeconds: lengthOf(burst, '--burst') / 1000 }),
    ...(within !== undefined && { within: number(within, '--within') / 100 }),
    ...(batch !== undefined && { batch: number(batch, '--batch') }),
    ...(regular === true && { isRegular: true }),
  }
  usable(() => checkProcess(own))
  return own
}

/** The rules of the service here, or the one that is named, with the limit that is tried. */
function rulesAsked(io: Io, { config, rule, limit }: SimulateFlags): readonly SaidRule[] {
  if (limit !== undefined && rule === undefined) throw new CommandError(USAGE, '--limit is of one rule: say which with --rule <name>.')
  const said = usable(() => {
    const options = optionsHere(io.env, { config })
    return saidRules({ ...options, rules: limit === undefined ? options.rules : withLimit(options.rules, rule!, limit) })
  })
  const asked = rule === undefined ? said : said.filter(({ data }) => data.name === rule)
  if (asked.length > 0) return asked
  throw new CommandError(USAGE, `There is no rule ${plain(rule ?? '')}: known are ${said.map(({ data }) => data.name).join(', ')}.`)
}

function withLimit({ overrides, own }: OwnRules, rule: string, limit: string): OwnRules {
  const given = /^-?[\d.]+$/.test(limit) ? Number(limit) : limit
  return { own, overrides: { ...overrides, [rule]: { ...overrides[rule], limit: given } } }
}

function number(text: string, what: string): number {
  const value = Number(text.replace(/\s*%$/, ''))
  if (text.trim() !== '' && Number.isFinite(value)) return value
  throw new CommandError(USAGE, `${what} is ${JSON.stringify(plain(text))}, expected a number. ${USE}`)
}

function whole(text: string | undefined, what: string, otherwise: number): number {
  if (text === undefined) return otherwise
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  throw new CommandError(USAGE, `${what} is ${JSON.stringify(plain(text))}, expected a whole number from 1 on.`)
}

function usable<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new CommandError(USAGE, error instanceof Error ? error.message : String(error))
  }
}

function sentences(
  { rate, good, burstSeconds, within, batch, isRegular }: OwnProcess,
  { seeds, days }: { readonly seeds: number; readonly days: number },
  simulated: readonly Simulated[],
  not: readonly NotSimulated[],
): string[] {
  const how = [
    `${figure(rate)} an hour ${isRegular ? 'at equal distances' : 'by chance'}`,
    `${figure(100 * good)} % of it good`,
    ...(batch === undefined ? [] : [`in batches of ${batch}, each good or bad as a whole`]),
    ...(burstSeconds === undefined ? [] : [`what is bad in bursts of ${figure(burstSeconds)} s on average`]),
    ...(within === undefined ? [] : [`in which ${figure(100 * within)} % are bad`]),
  ]
  return [
    `Work: ${how.join(', ')}.`,
    `Simulated ${seeds === 1 ? 'once' : `${seeds} times`} for ${days} ${days === 1 ? 'day' : 'days'}, every other time with a restart every 6 hours on average.`,
    ...simulated.flatMap(({ rule, means, pages, critical, inOutages, example, outage }) => [
      '',
      `${rule} (${means}):`,
      `  pages in 30 days: ${figure(pages)}, of which CRITICAL: ${figure(critical)}${inOutages > 0 ? `; ${figure(inOutages)} of them in bursts of 5 min and more, which are outages` : ''}`,
      `  when ${outage.is === 'nothing done' ? 'nothing is done any more' : 'all of it is bad from some time on'}, that is told ${soon(outage)}`,
      ...(example === undefined ? [] : [`  the first said: ${plain(example)}`]),
    ]),
    ...(not.length === 0 ? [] : ['', 'Not simulated:', ...not.map(({ rule, why }) => `  ${rule}: ${why}`)]),
  ]
}

function soon({ median, p90 }: Simulated['outage']): string {
  if (!Number.isFinite(median)) return 'in fewer than half of the cases within 4 days'
  const most = Number.isFinite(p90) ? `within ${figure(p90)} min in 9 of 10 cases` : 'in fewer than 9 of 10 cases within 4 days'
  return `within ${figure(median)} min in half of the cases, ${most}`
}

function figure(value: number): string {
  return String(Number(value.toFixed(value < 10 ? 2 : 1)))
}

function processJson({ rate, good, burstSeconds, within, batch, isRegular = false }: OwnProcess): object {
  return {
    rate_per_hour: rate,
    success_percent: Number((100 * good).toPrecision(12)),
    burst_seconds: burstSeconds ?? null,
    bad_within_bursts_percent: within === undefined ? null : Number((100 * within).toPrecision(12)),
    batch: batch ?? 1,
    regular: isRegular,
  }
}

function ruleJson({ rule, means, pages, critical, inOutages, example, outage }: Simulated): object {
  const known = (minutes: number) => (Number.isFinite(minutes) ? Number(minutes.toFixed(2)) : null)
  return {
    rule,
    means,
    pages_in_30_days: pages,
    critical_in_30_days: critical,
    in_outages_in_30_days: inOutages,
    example: example ?? null,
    outage: outage.is,
    outage_told_after_minutes: { median: known(outage.median), p90: known(outage.p90) },
  }
}
