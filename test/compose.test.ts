/** What docker-compose.yml says twice, or says of every service. scripts/compose-on-real-engine runs it. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { expect, test } from 'vitest'
import { parse } from 'yaml'

import { startSimulators } from '../examples/simulators/start.ts'

interface Service {
  readonly image?: string
  readonly build?: { readonly target: string }
  readonly user?: string
  readonly environment?: Readonly<Record<string, string | number>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly [option: string]: unknown
}

const read = (file: string): string => readFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url)), 'utf8')
const { services } = parse(read('docker-compose.yml'), { merge: true }) as { services: Readonly<Record<string, Service>> }
const all = Object.entries(services)
const fetcher = services['tracker-fetcher']!.environment!
const simulators = services['simulators']!.environment!

test('the fetcher logs in with the accounts that the simulators have, and knows their fleet', async () => {
  const started = await startSimulators({
    seed: 1,
    trackers: Number(simulators['SIM_TRACKERS']),
    accounts: Number(simulators['SIM_ACCOUNTS']),
    fleetSecret: String(simulators['FLEET_SECRET']),
    historyHours: 0,
    latency: 'real',
  })
  await started.stop()
  expect(JSON.parse(String(fetcher['APPLE_ACCOUNTS']))).toEqual(started.accounts)
  expect(fetcher['FLEET_SECRET']).toBe(started.fleetSecret)
  expect(fetcher['TRACKER_COUNT']).toBe(simulators['SIM_TRACKERS'])
})

test('the fetcher asks where the simulators listen', () => {
  const url = (port: string) => `http://${simulators['SIM_HOST']}:${simulators[port]}`
  expect([fetcher['APPLE_URL'], fetcher['ANISETTE_URL']]).toEqual([url('SIM_APPLE_PORT'), url('SIM_ANISETTE_PORT')])
  expect(services).toHaveProperty(String(simulators['SIM_HOST']))
})

test.for(all)('%s can do no more than it must', ([, service]) => {
  expect(service).toMatchObject({
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    restart: 'unless-stopped',
    mem_limit: expect.stringMatching(/^\d+m$/),
    cpus: expect.any(Number),
    pids_limit: expect.any(Number),
    logging: { driver: 'json-file', options: { 'max-size': expect.any(String), 'max-file': expect.any(String) } },
  })
  expect(service['privileged']).toBeUndefined()
  expect((service.volumes ?? []).filter((volume) => volume.startsWith('.') && !volume.endsWith(':ro'))).toEqual([])
})

test.for(all)('%s is published on 127.0.0.1 or not at all', ([, { ports = [] }]) => {
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\$\{[A-Z_]+_PORT:-\d+\}:\d+$/)
})

test.for(all)('%s is of a version that is named, and not root', ([, { image, build, user }]) => {
  if (build) {
    const stages = new Map(
      read('Dockerfile')
        .split(/^(?=FROM )/m)
        .slice(1)
        .map((stage) => [/^FROM \S+ AS (\S+)/.exec(stage)![1], stage]),
    )
    // The collector's base image is of a user of its own.
    if (build.target !== 'otel-collector') expect(stages.get(build.target)).toMatch(/^USER node$/m)
  } else {
    expect(image).toMatch(/:v?\d+\.\d+\.\d+/)
    expect(user).toMatch(/^[1-9]\d*:\d+$/)
  }
})

test('every image of the Dockerfile is of a version that is named', () => {
  const stages = [...read('Dockerfile').matchAll(/^FROM (?<image>\S+) AS (?<name>\S+)$/gm)].map(({ groups }) => groups!)
  const others = stages.map(({ image }) => image).filter((image) => stages.every(({ name }) => name !== image))
  expect(others.filter((image) => !/:\d+\.\d+\.\d+/.test(image!))).toEqual([])
})

test('Grafana lets nobody log in, and everybody look', () => {
  expect(services['grafana']!.environment).toMatchObject({
    GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: 'true',
    GF_AUTH_DISABLE_LOGIN_FORM: 'true',
    GF_AUTH_BASIC_ENABLED: 'false',
    GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
  })
})

test('what has work in hand is not killed when the fetcher is stopped', () => {
  expect(services['tracker-fetcher']!['stop_grace_period']).toBe('30s')
  expect(Number(fetcher['HEALTH_DRAIN_LIMIT'])).toBeLessThan(30)
})

test('the health check of the images asks whether the process lives, and its port is set there', () => {
  const dockerfile = read('Dockerfile')
  const [base] = dockerfile.split(/^(?=FROM )/m).filter((stage) => / AS base$/m.test(stage))
  expect(base).toMatch(/^HEALTHCHECK .* CMD \["otel-health", "check", "--alive"\]$/m)
  expect(base).toMatch(/^ENV HEALTH_HTTP_PORT=8011$/m)
  expect(dockerfile).toContain('CMD ["otel-health", "run", "--", "node", "--import", "otel-health/register", "tracker-fetcher/service.ts"]')
})
