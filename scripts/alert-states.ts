/**
 * Makes docs/alert-states.md of the table that the state machine of an alert runs: `node scripts/alert-states.ts` writes it,
 * test/alert-states.test.ts compares it.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { TIMERS, TRANSITIONS, type AlertTimer, type AlertTransition } from '../src/judge/alert-states.ts'

export const ALERT_STATES: string = fileURLToPath(new URL('../docs/alert-states.md', import.meta.url))

export function alertStates(): string {
  return `# The states of an alert

Made by \`npm run generate\` of src/judge/alert-states.ts, which is the table that runs; a test compares it.

An alert is inactive until its rule finds a breach. It is open, and makes a status, while it is firing, recovering or unknown. These are the
transitions of one alert as one instance judges it; what several instances say of it is folded into one alert, for which nobody has to wait
twice. Within one evaluation transitions follow one another until none applies; of several that do, the first is made. Times are those of the
rule: a breach must hold for \`for\`, and be over for \`keepFiring\`.

${table(['from', 'on', 'if', 'to', 'told', 'severity', 'episode'], TRANSITIONS.map(transitionRow))}

Where nothing is told, the new state is saved, and seen in the status.

## Timers

Each state has the timers that run in it, and no others. A timer begins with the first verdict that it runs on, goes on from state to state
as long as both states have it, and ends with any other verdict that is conclusive.

${table(['timer', 'measures', 'in', 'runs on'], TIMERS.map(timerRow))}

## Time of which nothing is known

Timers stand still from the first inconclusive verdict to the next conclusive one. They also stand still over time in which nobody evaluated,
whatever the reason: a blocked event loop, a machine that was suspended, a process that was down. Two evaluations further apart than four
evaluation intervals, and than 60 s, have such a gap between them. A pending alert is the exception: what it waits through while its process
is started anew counts, up to one hour, and so does the start itself.
`
}

function transitionRow({ from, on, when, to, tells, severity, begins }: AlertTransition): readonly string[] {
  return [from, on, when?.says ?? '', to === from ? 'stays' : to, tells ? `\`${tells}\`` : '', severity?.says ?? '', begins ? 'begins' : '']
}

function timerRow({ name, measures, states, whileFiring, runsOn }: AlertTimer): readonly string[] {
  const shown = states.map((state) => (state === 'firing' && whileFiring ? `firing, while it is a ${whileFiring}` : state))
  return [`\`${name}\``, measures, shown.join('; '), runsOn]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(ALERT_STATES, alertStates())
