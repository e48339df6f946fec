/** `npm run fault`: lists the faults of the running demo, and switches them on and off. */
import { Control } from './control.ts'
import { printable } from './printable.ts'
import { runningDemos } from './running-demos.ts'

const USAGE = `npm run fault                                lists all faults
npm run fault -- http.500 on [probability]   switches one on
npm run fault -- http.500 off                switches it off
npm run fault -- code                        enters the code that auth.2fa waits for`

const [name, action, probability, ...more] = process.argv.slice(2)

function findControl(): Control | undefined {
  const port = process.env['SIM_CONTROL_PORT']
  const url = port ? `http://127.0.0.1:${port}` : runningDemos()[0]?.control
  return url === undefined ? undefined : new Control(url)
}

async function list(control: Control): Promise<void> {
  for (const { name: fault, active, settings, does } of await control.faults()) {
    const how = Object.entries(settings).map(([key, value]) => `${key} ${value}`)
    console.log(printable(`${fault.padEnd(15)} ${active ? 'ON ' : 'off'}  ${does}${how.length > 0 ? ` (${how.join(', ')})` : ''}`))
  }
  console.log(`\n${USAGE}`)
}

/** The exit code: 2 if the arguments can't be understood. */
async function run(control: Control): Promise<number> {
  if (name === undefined) await list(control)
  else if (name === 'code' && action === undefined) {
    await control.submitCode()
    console.log('The code is entered; the accounts log in again.')
  } else if (action === 'on' && more.length === 0 && (probability === undefined || Number.isFinite(Number(probability)))) {
    await control.on(name, probability === undefined ? {} : { probability: Number(probability) })
    console.log(`${name} is on${probability === undefined ? '' : ` with probability ${probability}`}.`)
  } else if (action === 'off' && probability === undefined) {
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
