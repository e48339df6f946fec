import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Environment } from '../../src/config/options.ts'
import { readConfiguration } from '../../src/doctor/configuration.ts'
import { findProject } from '../../src/doctor/project.ts'
import { folderWith } from './project-folder.ts'

function read(folder: string, env: Environment = {}) {
  return readConfiguration(env, folder, findProject(folder))
}

test.for([
  {
    why: 'nothing but package.json',
    files: { 'package.json': { name: '@acme/mailer' } },
    says: 'the service is mailer in Redis and as job in Prometheus; no health.config is here, so environment and defaults count',
    job: 'mailer',
  },
  {
    why: 'health.config names the service',
    files: { 'package.json': { name: 'x' }, 'health.config.json': { serviceName: 'mailer' } },
    says: 'the service is mailer in Redis and as job in Prometheus; health.config.json',
    job: 'mailer',
  },
  {
    why: 'a name that does not fit into keys stays what it is in Prometheus',
    files: {},
    env: { OTEL_SERVICE_NAME: 'Mail Er' },
    says: 'the service is mail_er in Redis, Mail Er as job in Prometheus; no health.config is here, so environment and defaults count',
    job: 'Mail Er',
  },
  {
    why: 'a namespace is part of the job',
    files: {},
    env: { OTEL_SERVICE_NAME: 'mailer', OTEL_RESOURCE_ATTRIBUTES: 'service.namespace=shop' },
    says: 'the service is mailer in Redis, shop/mailer as job in Prometheus; no health.config is here, so environment and defaults count',
    job: 'shop/mailer',
  },
  {
    why: 'health.config is beside the script that package.json starts',
    files: {
      'package.json': { name: 'x', scripts: { start: 'node --import otel-health/register --enable-source-maps src/service.js --port 80' } },
      'src/health.config.json': { serviceName: 'beside' },
    },
    says: 'the service is beside in Redis and as job in Prometheus; health.config.json',
    job: 'beside',
  },
])('$why', ({ files, env = {}, says, job }) => {
  const { finding, job: found } = read(folderWith(files), env)
  expect(finding).toEqual({ name: 'configuration', status: 'ok', message: says })
  expect(found).toBe(job)
})

test.for([
  {
    why: 'a value that cannot be used',
    env: { HEALTH_PUBLISHING_INTERVAL: 'often' },
    says: 'HEALTH_PUBLISHING_INTERVAL is "often", expected a number from 0.1 to 3600',
    mend: /^Mend what the sentence names/,
  },
  {
    why: 'the port that Kubernetes sets',
    env: { HEALTH_REDIS_PORT: 'tcp://10.0.0.1:6379' },
    says: 'HEALTH_REDIS_PORT is "tcp://10.0.0.1:6379", expected a whole number from 1 to 65535',
    mend: /^Kubernetes sets it .*enableServiceLinks/,
  },
  {
    why: 'the port that Kubernetes sets, beside a URL',
    env: { HEALTH_REDIS_PORT: 'tcp://10.0.0.1:6379', HEALTH_REDIS_URL: 'redis://10.0.0.1' },
    says: 'HEALTH_REDIS_PORT is "tcp://10.0.0.1:6379", expected a whole number from 1 to 65535',
    mend: /^Kubernetes sets it for a Service called health-redis: turn enableServiceLinks off/,
  },
  {
    why: 'a URL and a part of an address',
    env: { HEALTH_REDIS_URL: 'redis://me:secret@host', HEALTH_REDIS_PASSWORD: 'secret' },
    says: 'HEALTH_REDIS_URL and HEALTH_REDIS_PASSWORD are both given, expected one of them: the URL names host, port, user, password and TLS',
    mend: /^Unset one of the two/,
  },
  {
    why: 'a URL in the place of a host, whose password is not shown',
    env: { HEALTH_REDIS_HOST: 'redis://me:secret@host:6379' },
    says: 'HEALTH_REDIS_HOST is "redis://***@host:6379", expected the name or address of a host; a URL goes into HEALTH_REDIS_URL',
    mend: /HEALTH_REDIS_HOST, _PORT, _USERNAME and _PASSWORD/,
  },
])('the service would not start: $why', ({ env, says, mend }) => {
  const { finding, options } = read(folderWith({}), env)
  expect(finding).toEqual({ name: 'configuration', status: 'fail', message: says, mend: expect.stringMatching(mend) as string })
  expect(options).toBeUndefined()
})

test('a health.config that cannot be loaded is named', () => {
  const folder = folderWith({ 'health.config.js': 'throw new Error("no such luck\\nsecond line")' })
  expect(read(folder).finding).toMatchObject({
    status: 'fail',
    message: `${join(folder, 'health.config.js')} could not be loaded (line 1): no such luck`,
  })
})

test.for(['health.config.yaml', 'health.config.tsx', 'healthconfig.js', 'health-config.ts'])(
  '%s is of no form that is read, and so it is said',
  (name) => {
    expect(read(folderWith({ [name]: '' })).finding).toMatchObject({
      status: 'warn',
      message: `${name} is of no form that is read, so environment and defaults count`,
      mend: expect.stringMatching(/health\.config\.ts, \.mts/) as string,
    })
  },
)

test('a record that goes into no metric would stop the start, and so it is said', () => {
  const folder = folderWith({ 'health.config.json': { records: { sent: [{ into: 'mails.sent' }] } } })
  expect(read(folder).finding).toMatchObject({
    status: 'fail',
    message: expect.stringMatching(/^The record sent goes into the metric "mails\.sent", which neither/) as string,
  })
})
