import { expect, test } from 'vitest'
import { checkApi, checkPackage } from '../../src/doctor/packages.ts'
import { findProject } from '../../src/doctor/project.ts'
import { checkRecording } from '../../src/doctor/recording.ts'
import { checkRegistration } from '../../src/doctor/registration.ts'
import { VERSION } from '../../src/version.ts'
import { folderWith, installed } from './project-folder.ts'

const HERE = installed('otel-health', VERSION)
const API = '@opentelemetry/api'

test.for([
  { why: 'this version', files: HERE, status: 'ok', says: `otel-health ${VERSION}` },
  { why: 'another version', files: installed('otel-health', '9.9.9'), status: 'warn', says: /the service gets 9\.9\.9/ },
  { why: 'none', files: {}, status: 'warn', says: /in this folder it is not installed/ },
])('otel-health in the folder of the service: $why', ({ files, status, says }) => {
  expect(checkPackage(findProject(folderWith({ 'package.json': {}, ...files })))).toMatchObject({
    status,
    message: expect.stringMatching(says) as string,
  })
})

test.for([
  { why: 'one copy', files: { ...HERE, ...installed(API, '1.9.1') }, status: 'ok', says: /1\.9\.1, one copy/ },
  { why: 'a newer one', files: { ...HERE, ...installed(API, '1.10.0') }, status: 'ok', says: /1\.10\.0, one copy/ },
  { why: 'none', files: HERE, status: 'fail', says: /is not installed here/ },
  { why: 'none, nor otel-health', files: {}, status: 'skip', says: /otel-health is not installed here either/ },
  { why: 'one that is too old', files: { ...HERE, ...installed(API, '1.8.0') }, status: 'fail', says: /1\.8\.0 is here/ },
  { why: 'one of the next major version', files: { ...HERE, ...installed(API, '2.0.0') }, status: 'fail', says: /2\.0\.0 is here/ },
  {
    why: 'another copy for otel-health',
    files: { ...HERE, ...installed(API, '1.10.0'), ...installed(API, '1.9.1', 'node_modules/otel-health') },
    status: 'warn',
    says: /the service gets 1\.10\.0, otel-health gets 1\.9\.1/,
  },
  {
    why: 'another copy for the SDK',
    files: {
      ...HERE,
      ...installed(API, '1.9.1'),
      ...installed('@opentelemetry/sdk-node', '0.223.0'),
      ...installed(API, '1.10.0', 'node_modules/@opentelemetry/sdk-node'),
    },
    status: 'warn',
    says: /the service gets 1\.9\.1, @opentelemetry\/sdk-node gets 1\.10\.0/,
  },
])('copies of @opentelemetry/api: $why', ({ files, status, says }) => {
  const folder = folderWith({ 'package.json': { dependencies: { '@opentelemetry/sdk-node': '*' } }, ...files })
  expect(checkApi(findProject(folder))).toMatchObject({ status, message: expect.stringMatching(says) as string })
})

test.for([
  {
    why: 'no SDK',
    dependencies: { express: '5' },
    status: 'ok',
    says: /no OpenTelemetry SDK, so figures leave by a provider of otel-health’s own, and what the service records with the API with them/,
  },
  {
    why: 'the API alone is none',
    dependencies: { [API]: '1', 'otel-health': '0' },
    status: 'ok',
    says: /no OpenTelemetry SDK/,
  },
  {
    why: 'OpenTelemetry’s own',
    dependencies: { '@opentelemetry/sdk-node': '0' },
    status: 'ok',
    says: /through the SDK of the service \(@opentelemetry\/sdk-node 0\.223\.0\)/,
  },
  { why: 'a distribution', dependencies: { '@splunk/otel': '4' }, status: 'ok', says: /through the SDK of the service \(@splunk\/otel\)/ },
  { why: 'switched off', off: 'OTEL_METRICS_EXPORTER=none', status: 'warn', says: /^OTEL_METRICS_EXPORTER=none: .*no metric is exported/ },
])('recording: $why', ({ dependencies = {}, off, status, says }) => {
  const folder = folderWith({ 'package.json': { dependencies }, ...installed('@opentelemetry/sdk-node', '0.223.0') })
  expect(checkRecording(off, findProject(folder))).toMatchObject({ status, message: expect.stringMatching(says) as string })
})

test.for([
  { why: 'in NODE_OPTIONS', env: { NODE_OPTIONS: '--import otel-health/register' }, status: 'ok' },
  { why: 'in NODE_OPTIONS by its path', env: { NODE_OPTIONS: '--import=/app/node_modules/otel-health/dist/register.js' }, status: 'ok' },
  { why: 'in a script', scripts: { dev: 'node --import otel-health/register a.js' }, status: 'ok' },
  { why: 'nowhere', scripts: { start: 'node a.js' }, status: 'warn' },
])('register $why', ({ env = {}, scripts = {}, status }) => {
  expect(checkRegistration(env, findProject(folderWith({ 'package.json': { scripts } })))).toMatchObject({
    name: 'register',
    status,
  })
})

test('a package.json that is no JSON is as good as none', () => {
  expect(checkRegistration({}, findProject(folderWith({ 'package.json': '{' })))).toMatchObject({ status: 'warn' })
})
