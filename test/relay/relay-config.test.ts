import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readRelayConfig, shownAddress } from '../../src/relay/relay-config.ts'
import { VALUE_NAMES } from '../../src/relay/templates.ts'

const ENV = {
  SLACK_URL: 'https://hooks.slack.com/services/T0/B0/XXX',
  KEY: 'routing-key',
  SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  OLD_SECRET: 'a text of more than 24 bytes, used as it is',
  SHORT: 'whsec_AAAA',
  TOKEN: 'tk_1',
  BLANK: 'tk 1',
  EMPTY: ' ',
}

function read(...targets: readonly unknown[]) {
  return readRelayConfig({ targets }, ENV)
}

test('every kind of target', () => {
  const targets = read(
    { type: 'alertmanager', urls: ['http://a:9093/', 'http://user:p%40ss@b:9093/prefix'], labels: { environment: 'test' } },
    { type: 'webhook', url: 'https://example.org/hook', secretEnv: ['SECRET', 'OLD_SECRET'], timeoutSeconds: 3 },
    { type: 'webhook', template: 'slack', urlEnv: 'SLACK_URL' },
    { type: 'webhook', template: 'ntfy', url: 'https://ntfy.sh', values: { topic: 'alerts' }, bearerEnv: 'TOKEN' },
    {
      type: 'webhook',
      name: 'pager',
      template: 'pagerduty',
      url: 'https://events.pagerduty.com/v2/enqueue',
      valuesEnv: { routing_key: 'KEY' },
    },
    {
      type: 'webhook',
      name: 'teams',
      url: 'https://example.org/teams',
      body: { text: '{{title}} {{who}}', who: '{{who}}' },
      values: { who: 'us' },
    },
  )
  expect(targets.map(({ name }) => name)).toEqual(['alertmanager', 'alertmanager-2', 'webhook', 'slack', 'ntfy', 'pager', 'teams'])
  expect(targets[0]).toMatchObject({ url: 'http://a:9093/api/v2/alerts', headers: {}, resendMs: 60_000, holdMs: 300_000 })
  expect(targets[1]).toMatchObject({
    url: 'http://b:9093/prefix/api/v2/alerts',
    headers: { authorization: `Basic ${Buffer.from('user:p@ss').toString('base64')}` },
  })
  expect(targets[2]).toMatchObject({ secrets: [ENV.SECRET, ENV.OLD_SECRET], timeoutMs: 3000 })
  expect(targets[3]).toMatchObject({ url: ENV.SLACK_URL })
  expect(targets[4]).toMatchObject({ headers: { authorization: 'Bearer tk_1' }, values: { topic: 'alerts' } })
  expect(targets[5]).toMatchObject({ values: { routing_key: 'routing-key' } })
})

test.for<{ why: string; target: unknown; message: RegExp }>([
  { why: 'no object', target: 'http://a', message: /^targets\[0\] is "http:\/\/a", expected an object\.$/ },
  { why: 'no type', target: { url: 'http://a' }, message: /^targets\[0\]\.type is undefined, expected 'alertmanager' or 'webhook'\.$/ },
  {
    why: 'a key that is not known',
    target: { type: 'webhook', uri: 'http://a' },
    message: /^targets\[0\]\."uri" is not a known key: did you mean "url"\?$/,
  },
  { why: 'no URL', target: { type: 'webhook' }, message: /^targets\[0\] must have either "url" or "urlEnv"/ },
  { why: 'two URLs', target: { type: 'webhook', url: 'http://a', urlEnv: 'SLACK_URL' }, message: /must have either "url" or "urlEnv"/ },
  {
    why: 'a URL of another kind',
    target: { type: 'webhook', url: 'ftp://u:p@a' },
    message: /^targets\[0\]\.url must be a URL that begins with/,
  },
  {
    why: 'no variable',
    target: { type: 'webhook', urlEnv: 'NOPE' },
    message: /^The environment variable NOPE, which targets\[0\]\.urlEnv names, is not set\.$/,
  },
  { why: 'an empty one', target: { type: 'webhook', urlEnv: 'EMPTY' }, message: /variable EMPTY, .* is not set/ },
  {
    why: 'a secret where its variable is to be named',
    target: { type: 'webhook', url: 'http://a', secretEnv: 'whsec_MfKQ9r8GKYqr+TwjUPD8' },
    message: /^targets\[0\]\.secretEnv must be the name of an environment variable\.$/,
  },
  {
    why: 'a short secret',
    target: { type: 'webhook', url: 'http://a', secretEnv: 'SHORT' },
    message: /SHORT, .* fewer than 24 bytes.*openssl/,
  },
  { why: 'a token with blanks', target: { type: 'webhook', url: 'http://a', bearerEnv: 'BLANK' }, message: /token without blanks/ },
  {
    why: 'a template that is not known',
    target: { type: 'webhook', url: 'http://a', template: 'teams' },
    message: /template is "teams", expected 'cloudevents' or 'slack'/,
  },
  {
    why: 'a value that the template needs',
    target: { type: 'webhook', url: 'http://a', template: 'pagerduty' },
    message: /^targets\[0\] lacks the value "routing_key" that its template needs/,
  },
  {
    why: 'a value that nobody gives',
    target: { type: 'webhook', url: 'http://a', body: { a: '{{titel}}' } },
    message: /body names the value "titel", which is neither in "values" nor one of id, /,
  },
  { why: 'body and template', target: { type: 'webhook', url: 'http://a', body: {}, template: 'slack' }, message: /leave one out/ },
  {
    why: 'a name that is no part of a key',
    target: { type: 'webhook', url: 'http://a', name: 'My Pager' },
    message: /name is "My Pager", expected 1 to 32/,
  },
  {
    why: 'an end that is so near that alerts flap',
    target: { type: 'alertmanager', url: 'http://a', holdSeconds: 60 },
    message: /^targets\[0\]\.holdSeconds is 60, expected a number of seconds from 240 to 86400\.$/,
  },
  {
    why: 'a resend that is too rare',
    target: { type: 'alertmanager', url: 'http://a', resendSeconds: 61 },
    message: /resendSeconds is 61, expected .* from 1 to 60/,
  },
  {
    why: 'a label of ours',
    target: { type: 'alertmanager', url: 'http://a', labels: { severity: 'x' } },
    message: /labels is "severity", expected none of/,
  },
  {
    why: 'no label',
    target: { type: 'alertmanager', url: 'http://a', labels: { 'a-b': 'x' } },
    message: /labels is "a-b", expected letters/,
  },
])('refused in one sentence: $why', ({ target, message }) => {
  expect(() => read(target)).toThrow(message)
})

test('two targets of one name are refused', () => {
  const slack = { type: 'webhook', template: 'slack', urlEnv: 'SLACK_URL' }
  expect(() => read(slack, slack)).toThrow('Two targets are called "slack": give each a "name" of its own.')
})

test.for([undefined, null, [], {}, { targets: [] }, { targets: {} }])('a configuration without targets is refused: %j', (config) => {
  expect(() => readRelayConfig(config, {})).toThrow(/is .*, expected/)
})

test.for([
  { url: 'https://hooks.slack.com/services/T0/B0/XXX', shown: 'https://hooks.slack.com/…' },
  { url: 'https://user:pass@example.org:8443/?token=1', shown: 'https://example.org:8443' },
])('of an address is shown $shown', ({ url, shown }) => {
  expect(shownAddress(url)).toBe(shown)
})

test('the file in docs/relay.md is one', () => {
  const [, json] = /```json\n([^]*?)```/.exec(readFileSync(new URL('../../docs/relay.md', import.meta.url), 'utf8')) ?? []
  const set = 'https://example.org/0123456789abcdef'
  const env = { SLACK_WEBHOOK_URL: set, TEAMS_WEBHOOK_URL: set, NTFY_TOKEN: set, PAGERDUTY_ROUTING_KEY: set, ALERTS_SECRET: set }
  const names = readRelayConfig(JSON.parse(json!), env).map(({ name }) => name)
  expect(names).toEqual(['alertmanager', 'slack', 'ntfy', 'pagerduty', 'ours', 'teams'])
})

test('what docs/relay.md says of values is all of them', () => {
  const text = readFileSync(new URL('../../docs/relay.md', import.meta.url), 'utf8')
  const [, values = ''] = /Values: ([^]*?), and those of `values`/.exec(text) ?? []
  expect(Array.from(values.matchAll(/`(\w+)`(?! acknowledge| resolve)/g), ([, name]) => name!)).toEqual(
    expect.arrayContaining([...VALUE_NAMES]),
  )
})
