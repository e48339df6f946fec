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
    why: "a stopped one is nobody's trouble",
    alerts: [],
    instances: [live, { ...live, phase: 'stopped' as const, status: 'unhealthy' as const, reasons: ['old'] }],
    status: 'healthy',
    reasons: [],
  },
  {
    why: 'a service nobody has heard of is not healthy',
    alerts: [],
    instances: [],
    status: 'degraded',
    reasons: ['no instance has reported'],
  },
])('service: $why', ({ alerts, instances, status, reasons }) => {
  expect(serviceStatus({ alerts, instances })).toEqual({ status, reasons })
})
