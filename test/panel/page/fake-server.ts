/**
 * The pages with made-up answers, to look at them: `node test/panel/page/fake-server.ts day 8020`. Scenarios: day, calm, empty, broken,
 * thousand, storm. Serves what `npm run build` has put into dist/panel/page, with the content policy of the real server.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'

import type { ActionRequest, AlertRow, Change, ServiceRow, Transition } from '../../../src/panel/protocol.ts'
import { answerOf } from './fake-answers.ts'
import { madeUp, type Scenario } from './fake-world.ts'

const [, , scenario = 'day', port = '8020'] = process.argv as [string, string, Scenario?, string?]
const PAGES = fileURLToPath(new URL('../../../dist/panel/page/', import.meta.url))
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
const TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' }

let world = madeUp(scenario, Date.now())
let n = 1

createServer((request, response) => void serve(request, response)).listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${port} (${scenario})\n`)
})

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://panel')
  response.setHeader('content-security-policy', POLICY)
  if (url.pathname === '/api/live') return live(response)
  if (url.pathname.startsWith('/api/actions/')) return json(response, act(url.pathname.slice(13), await bodyOf(request)))
  if (url.pathname === '/api/now') return json(response, { id: `run-${n}`, now: { ...world, at: Date.now() } })
  if (url.pathname.startsWith('/api/')) {
    const answer = answerOf(url, world)
    return answer === undefined ? json(response, { error: 'There is no such thing.' }, 404) : json(response, answer)
  }
  if (url.pathname.startsWith('/assets/')) {
    response.setHeader('content-type', TYPES[url.pathname.split('.').at(-1)!] ?? 'text/plain')
    return void response.end(existsSync(PAGES + url.pathname.slice(1)) ? readFileSync(PAGES + url.pathname.slice(1)) : '')
  }
  response.setHeader('content-type', 'text/html; charset=utf-8')
  response.end(readFileSync(`${PAGES}index.html`, 'utf8').replaceAll('__BASE__', ''))
}

/** In a storm a quarter of all rows and 25 transitions, four times a second. */
function live(response: ServerResponse): void {
  response.setHeader('content-type', 'text/event-stream')
  const isStorm = scenario === 'storm'
  const say = (event: string, value: object): void => {
    n++
    response.write(`event: ${event}\nid: run-${n}\ndata: ${JSON.stringify(value)}\n\n`)
  }
  say('now', { ...world, at: Date.now() })
  let turn = 0
  const timer = setInterval(
    () => {
      turn++
      const { alerts, services, ...head } = world
      const some = isStorm ? services.filter((_, i) => i % 4 === turn % 4) : services.slice(0, 40)
      const moving = some.map((row, i) => ({
        ...row,
        ...(row.rate !== null && { rate: row.rate + Math.round(Math.random() * 40) }),
        ...(isStorm && i % 10 === turn % 10 && { status: turn % 20 < 10 ? 'unhealthy' : 'healthy' }),
      })) as ServiceRow[]
      const [first] = alerts
      if (isStorm && first) for (let i = 0; i < 25; i++) say('transition', transitionOf(first, `t${turn}-${i}`))
      const changed = isStorm
        ? alerts.slice(turn % 100, (turn % 100) + 20).map((row) => ({ ...row, rev: row.rev + turn, message: `${row.message} (${turn})` }))
        : alerts
      say('change', { ...head, at: Date.now(), services: moving, servicesGone: [], alerts: changed, alertsGone: [] } satisfies Change)
    },
    isStorm ? 250 : 1000,
  )
  response.on('close', () => clearInterval(timer))
}

function transitionOf({ id: alertId, service, rule, severity, episode, state, message }: AlertRow, id: string): Transition {
  const said = { id, at: Date.now(), type: 'updated', deliver: true, cause: 'rule', actor: null, told: null }
  return { ...said, alertId, service, rule, severity, episode, state, message }
}

function act(action: string, { alerts = [], why, forMs = 3_600_000, service }: ActionRequest): unknown {
  const now = Date.now()
  const isAbout = (id: string): boolean => alerts.includes(id)
  world = {
    ...world,
    services: world.services.filter((row) => row.service !== service),
    alerts: world.alerts.flatMap((row) => {
      if (!isAbout(row.id)) return [row]
      if (action === 'resolve') return []
      const { ack: _ack, ...rest } = row
      return [action === 'ack' ? { ...rest, ack: { by: 'you', why, at: now, until: now + forMs } } : action === 'unack' ? rest : row]
    }),
  }
  return { done: alerts.length > 0 ? alerts : [service ?? 'it'], refused: [] }
}

async function bodyOf(request: IncomingMessage): Promise<ActionRequest> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return JSON.parse(Buffer.concat(parts).toString('utf8')) as ActionRequest
}

function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}
