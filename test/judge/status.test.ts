import { expect, test } from 'vitest'

import type { AlertEntry, InstanceEntry } from '../../src/judge/status.ts'
import { instanceStatus, serviceStatus } from '../../src/judge/status.ts'
import { inconclusive } from '../../src/judge/verdicts.ts'
import type { InstanceFacts } from '../../src/judge/status.ts'

const alert = (severity: AlertEntry['severity'], state: AlertEntry['state'] = 'firing'): AlertEntry => ({
  rule: 'a_rule',
  severity,
  state,
  message: `${severity} it is`,
})
const facts: InstanceFacts = { phase: 'running', alerts: [], verdicts: [], checks: {} }
const failing = { status: 'unhealthy', latencyMs: 5000, error: 'timeout' } as const
const down = (check: string, state: AlertEntry['state'] = 'firing'): AlertEntry => ({
  ...{ rule: 'dependency_down', labels: { check }, severity: 'WARNING', state, message: `${check}: its check fails` },
})

test.for([
  { why: 'nothing wrong is healthy', facts, status: 'healthy', reasons: [] },
  {
    why: 'a critical alert is unhealthy',
    facts: { ...facts, alerts: [alert('CRITICAL')] },
    status: 'unhealthy',
    reasons: ['a_rule: CRITICAL it is'],
  },
  { why: 'a warning is degraded', facts: { ...facts, alerts: [alert('WARNING')] }, status: 'degraded', reasons: ['a_rule: WARNING it is'] },
  { why: 'pending counts for nothing', facts: { ...facts, alerts: [alert('CRITICAL', 'pending')] }, status: 'healthy', reasons: [] },
  {
    why: 'recovering still counts',
    facts: { ...facts, alerts: [alert('CRITICAL', 'recovering')] },
    status: 'unhealthy',
    reasons: ['a_rule: CRITICAL it is'],
  },
  {
    why: 'so does unknown',
    facts: { ...facts, alerts: [alert('CRITICAL', 'unknown')] },
    status: 'unhealthy',
    reasons: ['a_rule: CRITICAL it is'],
  },
  {
    why: 'a failing check degrades',
    facts: { ...facts, checks: { redis: failing } },
    status: 'degraded',
    reasons: ['redis check is failing: timeout'],
  },
  {
    why: 'a failing check of which an alert says so is one reason, another check another',
    facts: { ...facts, checks: { redis: failing, sql: failing }, alerts: [down('redis')] },
    status: 'degraded',
    reasons: ['dependency_down check=redis: redis: its check fails', 'sql check is failing: timeout'],
  },
  {
    why: 'a failing check of which nobody has been told is said',
    facts: { ...facts, checks: { redis: failing }, alerts: [down('redis', 'pending')] },
    status: 'degraded',
    reasons: ['redis check is failing: timeout'],
  },
  { why: 'starting is degraded', facts: { ...facts, phase: 'starting' as const }, status: 'degraded', reasons: ['starting'] },
  {
    why: 'idle is healthy',
    facts: { ...facts, required: ['r'], verdicts: [inconclusive('r', 'low_sample')] },
    status: 'healthy',
    reasons: [],
  },
  {
    why: 'a required rule that is stale degrades',
    facts: { ...facts, required: ['r'], verdicts: [inconclusive('r', 'stale')] },
    status: 'degraded',
    reasons: ['r cannot be judged: its data is stale'],
  },
  {
    why: 'so does one that failed',
    facts: { ...facts, required: ['r'], verdicts: [inconclusive('r', 'evaluator_error')] },
    status: 'degraded',
    reasons: ['r cannot be judged: the rule failed'],
  },
  { why: 'one that is not required does not', facts: { ...facts, verdicts: [inconclusive('r', 'stale')] }, status: 'healthy', reasons: [] },
  {
    why: 'the worst comes first',
    facts: { ...facts, phase: 'starting' as const, alerts: [alert('WARNING'), alert('CRITICAL')] },
    status: 'unhealthy',
    reasons: ['a_rule: CRITICAL it is', 'a_rule: WARNING it is', 'starting'],
  },
])('instance: $why', ({ facts: given, status, reasons }) => {
  expect(instanceStatus(given)).toEqual({ status, reasons })
})

const silence = 'silent: no instance gives a sign of life'
const live: InstanceEntry = { instance: 'i1', phase: 'running', status: 'healthy', reasons: [], missing: false }

test.for([
  { why: 'all instances well is healthy', alerts: [], instances: [live], status: 'healthy', reasons: [] },
  {
    why: 'an alert decides, told once',
    alerts: [alert('CRITICAL')],
    instances: [{ ...live, status: 'unhealthy' as const, reasons: ['a_rule: CRITICAL it is'] }],
    status: 'unhealthy',
    reasons: ['a_rule: CRITICAL it is'],
  },
  {
    why: 'a missing instance degrades',
    alerts: [],
    instances: [live, { ...live, instance: 'i2', missing: true }],
    status: 'degraded',
    reasons: ['instance i2 is missing'],
  },
  {
    why: 'an instance that is not well degrades, however bad',
    alerts: [],
    instances: [live, { ...live, status: 'unhealthy' as const, reasons: ['redis check is failing'] }],
    status: 'degraded',
    reasons: ['redis check is failing'],
  },
  {
    why: 'what an alert says of a check, no instance repeats, and what it says of another is said',
    alerts: [down('redis')],
    instances: [live, { ...live, status: 'degraded' as const, reasons: ['redis check is failing: timeout', 'redis_2 check is failing'] }],
    status: 'degraded',
    reasons: ['dependency_down check=redis: redis: its check fails', 'redis_2 check is failing'],
  },
  {
    why: "a stopped one is nobody's trouble",
    alerts: [],
    instances: [live, { ...live, phase: 'stopped' as const, status: 'unhealthy' as const, reasons: ['old'] }],
    status: 'healthy',
    reasons: [],
  },
  {
    why: 'without any instance it is silent',
    alerts: [],
    instances: [],
    status: 'unhealthy',
    reasons: [silence],
  },
  {
    why: 'none alive and none stopped is silence, said once',
    alerts: [alert('WARNING')],
    instances: [
      { ...live, missing: true },
      { ...live, instance: 'i2', missing: true },
    ],
    status: 'unhealthy',
    reasons: [silence, 'a_rule: WARNING it is'],
  },
  {
    why: 'silence that an alert says is not said again',
    alerts: [{ ...alert('CRITICAL'), rule: 'service_silent' }],
    instances: [{ ...live, missing: true }],
    status: 'unhealthy',
    reasons: ['service_silent: CRITICAL it is'],
  },
  {
    why: 'one that stopped in order is a sign of life',
    alerts: [],
    instances: [
      { ...live, phase: 'stopped' as const },
      { ...live, instance: 'i2', missing: true },
    ],
    status: 'degraded',
    reasons: ['instance i2 is missing'],
  },
  {
    why: 'the worst comes first, the rest by name, whatever the order they came in',
    alerts: [{ ...alert('WARNING'), rule: 'z' }, { ...alert('WARNING'), rule: 'b' }, alert('CRITICAL')],
    instances: [
      { ...live, instance: 'i3', status: 'degraded' as const, reasons: ['starting'] },
      { ...live, instance: 'i2', missing: true },
      { ...live, status: 'degraded' as const, reasons: ['redis check is failing'] },
    ],
    status: 'unhealthy',
    reasons: [
      'a_rule: CRITICAL it is',
      'b: WARNING it is',
      'z: WARNING it is',
      'instance i2 is missing',
      'redis check is failing',
      'starting',
    ],
  },
  {
    why: 'alerts of one rule are told apart by their labels',
    alerts: [
      { ...alert('WARNING'), labels: { 'work.name': 'sendMail', b: '2' } },
      { ...alert('WARNING'), labels: { 'work.name': 'resize' } },
    ],
    instances: [live],
    status: 'degraded',
    reasons: ['a_rule b=2 work.name=sendMail: WARNING it is', 'a_rule work.name=resize: WARNING it is'],
  },
  {
    why: 'an instance that repeats an alert with older figures does not say it again',
    alerts: [alert('CRITICAL')],
    instances: [{ ...live, status: 'unhealthy' as const, reasons: ['a_rule: as it was before'] }],
    status: 'unhealthy',
    reasons: ['a_rule: CRITICAL it is'],
  },
  {
    why: 'what an instance says of others is not taken over, what it says of itself is',
    alerts: [],
    instances: [
      {
        ...live,
        status: 'degraded' as const,
        reasons: ['instance i2 is missing', 'instance i1 is degraded', 'instance check is failing'],
      },
    ],
    status: 'degraded',
    reasons: ['instance i1 is degraded', 'instance check is failing'],
  },
  {
    why: 'an instance that does not say why it is not well is named',
    alerts: [],
    instances: [live, { ...live, instance: 'i2', status: 'unhealthy' as const, reasons: ['instance i1 is degraded'] }],
    status: 'degraded',
    reasons: ['instance i2 is unhealthy'],
  },
])('service: $why', ({ alerts, instances, status, reasons }) => {
  expect(serviceStatus({ alerts, instances })).toEqual({ status, reasons })
})
