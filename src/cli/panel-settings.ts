/** From variables to options of the panel. What cannot be used is a usage error that names the variable. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'

import { meant, nearest } from '../config/nearest.ts'
import type { Environment } from '../config/options.ts'
import { checkUrl } from '../config/checking.ts'
import type { PanelAuth } from '../panel/http/access/access-of.ts'
import type { PanelUser } from '../panel/http/access/basic.ts'
import { ACTIONS, type Rights } from '../panel/http/access/rights.ts'
import type { PanelOptions } from '../panel.ts'
import { CommandError, USAGE } from './outcome.ts'
import { PANEL_VARIABLES, type PanelVariableName } from './panel-variables.ts'

export interface PanelFlags {
  readonly host?: string | undefined
  readonly port?: string | undefined
  readonly public?: boolean | undefined
}

export interface PanelSettings {
  readonly host: string
  readonly port: number
  readonly options: Omit<PanelOptions, 'connection' | 'retentionHours' | 'clock'>
  /** Made here because none was given: to be shown once. */
  readonly madeToken?: string
}

const LOGINS = ['none', 'token', 'basic', 'proxy', 'oidc'] as const
type LoginName = (typeof LOGINS)[number]

/** Flags win over variables. Throws a usage error. */
export async function panelSettings(env: Environment, flags: PanelFlags): Promise<PanelSettings> {
  checkNames(env)
  const read = new Variables(env)
  const { auth, madeToken } = await login(read, env['USER'])
  const publicUrl = read.text('HEALTH_PANEL_URL')
  const portSet = read.text('HEALTH_PANEL_PORT')
  const portGiven = portSet !== undefined && SERVICE_PORT.test(portSet) ? undefined : portSet
  return {
    host: flags.host ?? read.text('HEALTH_PANEL_HOST') ?? '127.0.0.1',
    port: flags.port === undefined ? port(portGiven ?? '8010', 'HEALTH_PANEL_PORT') : port(flags.port, '--port'),
    options: {
      auth,
      public: flags.public ?? isTrue(read, 'HEALTH_PANEL_PUBLIC', false),
      control: isTrue(read, 'HEALTH_PANEL_CONTROL', true),
      ...(publicUrl !== undefined && { publicUrl }),
      ...url(read, 'HEALTH_PROMETHEUS_URL', 'prometheusUrl'),
      ...url(read, 'HEALTH_GRAFANA_URL', 'grafanaUrl'),
    },
    ...(madeToken !== undefined && { madeToken }),
  }
}

/** An empty variable counts as unset. */
class Variables {
  readonly #env: Environment

  constructor(env: Environment) {
    this.#env = env
  }

  text(name: PanelVariableName): string | undefined {
    return this.#env[name]?.trim() || undefined
  }

  list(name: PanelVariableName): readonly string[] | undefined {
    return this.text(name)
      ?.split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '')
  }

  needed(name: PanelVariableName, kind: LoginName): string {
    const text = this.text(name)
    if (text === undefined) throw usage(`${name} is not set, which the login ${kind} needs: otel-health help panel says what it is.`)
    return text
  }

  async secret(name: PanelVariableName): Promise<string | undefined> {
    const [text, file] = [this.#env[name]?.replace(/[\r\n]+$/, '') || undefined, this.#env[`${name}_FILE`]?.trim() || undefined]
    if (text !== undefined && file !== undefined) throw usage(`${name} and ${name}_FILE are both set, expected one of them.`)
    if (file === undefined) return text
    const read = (await fileText(file, `${name}_FILE`)).replace(/[\r\n]+$/, '')
    if (read === '') throw usage(`${file}, which ${name}_FILE names, is empty.`)
    return read
  }
}

async function login(read: Variables, user: string | undefined): Promise<{ readonly auth: PanelAuth; readonly madeToken?: string }> {
  const [operator, viewer] = [await read.secret('HEALTH_PANEL_TOKEN'), await read.secret('HEALTH_PANEL_VIEWER_TOKEN')]
  const hasToken = operator !== undefined || viewer !== undefined
  const usersFile = read.text('HEALTH_PANEL_USERS_FILE')
  const chosen = read.text('HEALTH_PANEL_LOGIN') ?? (hasToken ? 'token' : usersFile === undefined ? 'none' : 'basic')
  const kind = LOGINS.find((each) => each === chosen)
  const groups = () => {
    const viewers = read.list('HEALTH_PANEL_VIEWERS')
    return { operators: read.list('HEALTH_PANEL_OPERATORS') ?? [], ...(viewers && { viewers }) }
  }
  switch (kind) {
    case 'none':
      return { auth: { login: 'none', by: user?.trim() || 'panel' } }
    case 'token': {
      const madeToken = hasToken ? undefined : randomBytes(16).toString('hex')
      const tokens = [
        ...[operator ?? madeToken].flatMap((token) => (token === undefined ? [] : [{ token, role: 'operator' as const }])),
        ...(viewer === undefined ? [] : [{ token: viewer, role: 'viewer' as const }]),
      ]
      return { auth: { login: 'token', tokens }, ...(madeToken !== undefined && { madeToken }) }
    }
    case 'basic':
      return { auth: { login: 'basic', users: await users(read.needed('HEALTH_PANEL_USERS_FILE', 'basic')) } }
    case 'proxy':
      return {
        auth: {
          login: 'proxy',
          userHeader: read.text('HEALTH_PANEL_PROXY_USER_HEADER') ?? 'x-forwarded-user',
          groupsHeader: read.text('HEALTH_PANEL_PROXY_GROUPS_HEADER') ?? 'x-forwarded-groups',
          trusted: (read.needed('HEALTH_PANEL_PROXY_TRUSTED', 'proxy'), read.list('HEALTH_PANEL_PROXY_TRUSTED') ?? []),
          ...groups(),
        },
      }
    case 'oidc': {
      const clientSecret = await read.secret('HEALTH_PANEL_OIDC_CLIENT_SECRET')
      const [scope, groupsClaim] = [read.text('HEALTH_PANEL_OIDC_SCOPE'), read.text('HEALTH_PANEL_OIDC_GROUPS_CLAIM')]
      return {
        auth: {
          login: 'oidc',
          issuer: read.needed('HEALTH_PANEL_OIDC_ISSUER', 'oidc'),
          clientId: read.needed('HEALTH_PANEL_OIDC_CLIENT_ID', 'oidc'),
          ...(clientSecret !== undefined && { clientSecret }),
          ...(scope !== undefined && { scope }),
          ...(groupsClaim !== undefined && { groupsClaim }),
          ...groups(),
        },
      }
    }
    case undefined:
      throw usage(`HEALTH_PANEL_LOGIN is ${JSON.stringify(chosen)}, expected ${LOGINS.join(', ')}.`)
  }
}

/** Lines `name:role:hash`; empty ones and those that begin with # say nothing. */
async function users(file: string): Promise<readonly PanelUser[]> {
  const lines = (await fileText(file, 'HEALTH_PANEL_USERS_FILE')).split(/\r?\n/)
  return lines.flatMap((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return []
    const [name = '', role, passwordHash, ...rest] = line.trim().split(':')
    const where = `Line ${index + 1} of ${file}`
    if (role === undefined || passwordHash === undefined || rest.length > 0) throw usage(`${where} is not right, expected name:role:hash.`)
    return [{ name, passwordHash, ...rights(role, where) }]
  })
}

/** `operator`, `viewer`, `viewer+ack+note`. */
function rights(text: string, where: string): Rights {
  const [role, ...actions] = text.split('+')
  if (role === 'operator' && actions.length === 0) return { role }
  const unknown = actions.find((action) => !ACTIONS.some((each) => each === action))
  if (unknown !== undefined) throw usage(`${where} gives the right ${JSON.stringify(unknown)}, expected ${ACTIONS.join(', ')}.`)
  if (role !== 'viewer')
    throw usage(`${where} gives the role ${JSON.stringify(text)}, expected operator, viewer, or viewer+ack and the like.`)
  return { role, may: ACTIONS.filter((action) => actions.includes(action)) }
}

/** What is misspelt would silently not be there: a login, say. */
function checkNames(env: Environment): void {
  const known = Object.entries(PANEL_VARIABLES).flatMap(([name, { ...variable }]) =>
    'secret' in variable ? [name, `${name}_FILE`] : [name],
  )
  for (const name of Object.keys(env)) {
    if (!name.startsWith('HEALTH_PANEL_') || known.includes(name) || SERVICE_LINK.test(name)) continue
    throw usage(`${name} is no variable of the panel: did you mean ${meant(name, known) ?? nearest(name, known) ?? 'another'}?`)
  }
}

/** What Kubernetes sets for a Service called health-panel. */
const SERVICE_LINK = /^HEALTH_PANEL_(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP)(_\w+)?)$/
const SERVICE_PORT = /^(tcp|udp):\/\//

function port(text: string, what: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw usage(`${what} is ${JSON.stringify(text)}, expected a port from 0 to 65535.`)
  return Number(text)
}

function isTrue(read: Variables, name: PanelVariableName, otherwise: boolean): boolean {
  const text = read.text(name) ?? String(otherwise)
  if (text !== 'true' && text !== 'false') throw usage(`${name} is ${JSON.stringify(text)}, expected true or false.`)
  return text === 'true'
}

function url<K extends string>(read: Variables, name: PanelVariableName, key: K): { readonly [P in K]?: string } {
  const value = read.text(name)
  if (value === undefined) return {}
  try {
    checkUrl(value, name, ['http:', 'https:'])
  } catch (error) {
    throw usage((error as Error).message)
  }
  return { [key]: value } as { readonly [P in K]?: string }
}

async function fileText(file: string, name: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw usage(`${file}, which ${name} names, cannot be read (${error.code ?? 'unknown error'}).`)
  })
}

function usage(sentence: string): CommandError {
  return new CommandError(USAGE, sentence)
}
