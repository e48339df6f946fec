/** `npm run fault`: lists the faults of the running demo, and switches them on and off. */
import type { FaultSettings } from '../simulators/faults.ts'
import { Control } from './control.ts'
import { inWords } from './fault-keys.ts'
import { printable } from './printable.ts'
import { runningDemos } from './running-demos.ts'

const USAGE = `npm run fault                                lists all faults
npm run fault -- http.500 on [probability]   switches one on
npm run fault -- gateway.500 on channel=sms  the same with settings, as many as it has
npm run fault -- http.500 off                switches it off
npm run fault -- code                        enters the code that auth.2fa waits for`

const [name, action, ...given] = process.argv.slice(2)

function findControl(): Control | undefined {
  const port = process.env['SIM_CONTROL_PORT']
  const url = port ? `http://127.0.0.1:${port}` : runningDemos()[0]?.control
  return url === undefined ? undefined : new Control(url)
}

async function list(control: Control): Promise<void> {
  for (const { name: fault, active, settings, does } of await control.faults()) {
    const how = inWords(settings)
    console.log(printable(`${fault.padEnd(15)} ${active ? 'ON ' : 'off'}  ${does}${how ? ` (${how})` : ''}`))
  }
  console.log(`\n${USAGE}`)
}

/** `0.5` is a probability, everything else `key=value`; undefined for what is neither. */
function settingsFrom(words: readonly string[]): FaultSettings | undefined {
  const pairs = words.map((word, index) => (index === 0 && isNumber(word) ? ['probability', word] : word.split('=')))
  if (!pairs.every((pair) => pair.length === 2 && pair.every((part) => part !== ''))) return undefined
  return Object.fromEntries(pairs.map(([key, value]) => [key, isNumber(value!) ? Number(value) : value]))
}

function isNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text))
}

/** The exit code: 2 if the arguments can't be understood. */
async function run(control: Control): Promise<number> {
  const settings = settingsFrom(given)
  if (name === undefined) await list(control)
  else if (name === 'code' && action === undefined) {
    await control.submitCode()
    console.log('The code is entered; the accounts log in again.')
  } else if (action === 'on' && settings) {
    await control.on(name, settings)
    console.log(`${name} is on${given.length > 0 ? ` with ${inWords(settings)}` : ''}.`)
  } else if (action === 'off' && given.length === 0) {
    await control.off(name)
    console.log(`${name} is off.`)
  } else {
    console.error(USAGE)
    return 2
  }
  return 0
}

const control = findControl()
if (control) {
  try {
    process.exitCode = await run(control)
  } catch (error) {
    console.error(printable((error as Error).message))
    process.exitCode = 1
  }
} else {
  console.error('No demo is running: start one with "npm start", or set SIM_CONTROL_PORT to the port of the control server it prints.')
  process.exitCode = 3
}
