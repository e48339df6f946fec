/** What examples/kubernetes says in two places, and of what otel-health answers and takes. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { expect, test } from 'vitest'
import { parse } from 'yaml'

import { resolveOptions } from '../src/config/options.ts'
import { probeAnswer, type Probed } from '../src/probe/probe-answer.ts'
import { readRunOptions } from '../src/supervise/run-options.ts'

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
  readonly periodSeconds: number
  readonly timeoutSeconds: number
  readonly failureThreshold: number
}
interface Container {
  readonly command: readonly string[]
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[]
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly startupProbe: Probe
  readonly livenessProbe: Probe
  readonly readinessProbe: Probe
}
interface Deployment {
  readonly spec: {
    readonly template: { readonly spec: { readonly terminationGracePeriodSeconds: number; readonly containers: readonly [Container] } }
  }
}

const text = readFileSync(fileURLToPath(new URL('../examples/kubernetes/worker.yaml', import.meta.url)), 'utf8')
const { spec } = (parse(text, { strict: true }) as Deployment).spec.template
const [container] = spec.containers
const { startupProbe, livenessProbe, readinessProbe } = container
/** A secret stands for itself. */
const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value ?? 'a secret of someone'.replaceAll(' ', '-')]))
const { settings } = resolveOptions({ env })

test('every variable is one that can be used', () => {
  expect(resolveOptions({ env })).toMatchObject({ serviceName: 'mailer', instance: '$(POD_NAME)' })
  for (const { name, value, valueFrom } of container.env)
    expect({ [name]: (value === undefined) === (valueFrom !== undefined) }).toEqual({ [name]: true })
  // It stands for what is said before it.
  const names = container.env.map(({ name }) => name)
  expect(names.indexOf('POD_NAME')).toBeLessThan(names.indexOf('OTEL_RESOURCE_ATTRIBUTES'))
})

test.for([
  { name: 'startupProbe', probe: startupProbe, path: '/livez' },
  { name: 'livenessProbe', probe: livenessProbe, path: '/livez' },
  { name: 'readinessProbe', probe: readinessProbe, path: '/readyz' },
])('$name asks for $path where it is answered', ({ probe, path }) => {
  expect(container.ports.find(({ name }) => name === probe.httpGet.port)?.containerPort).toBe(settings.httpPort)
  expect(settings.httpHost).toBe('0.0.0.0')
  expect(probe.httpGet.path).toBe(path)
  expect(probe.timeoutSeconds).toBeGreaterThan(1)
})

test('no probe asks how the service is: what it depends on restarts nobody', () => {
  const health = (): never => {
    throw new Error('asked')
  }
  const ill: Probed = { whyNotAlive: undefined, phase: 'running', health }
  for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe]) {
    expect(probeAnswer({ method: 'GET', path: httpGet.path }, 'none', ill).status).toBe(200)
  }
})

test('what has work in hand is not killed', () => {
  expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(settings.drainLimit)
})

test('the supervisor acts before the kubelet does', () => {
  const [first, second, ...args] = container.command
  expect([first, second]).toEqual(['otel-health', 'run'])
  const { command, hangMs, killAfterMs, longestPauseMs, exitOnGiveUp } = readRunOptions(args)
  expect(command).toEqual(['node', '--import', 'otel-health/register', 'service.js'])
  // Else the pod would stay though nothing in it runs.
  expect(exitOnGiveUp).toBe(true)
  const kubeletActsAfterMs = livenessProbe.periodSeconds * livenessProbe.failureThreshold * 1000
  expect(kubeletActsAfterMs).toBeGreaterThan(hangMs + killAfterMs + longestPauseMs)
})
