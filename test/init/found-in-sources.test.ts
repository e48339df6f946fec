import { expect, test } from 'vitest'

import { keysIn, queueNamesIn, upstreamsIn } from '../../src/init/found-in-sources.ts'
import { piecesOfWork, theOne } from '../../src/init/pieces-of-work.ts'

const inFile = (text: string, path = 'a.js') => [{ path, text }]

test.for<{ why: string; text: string; is: readonly (readonly [string, string])[] }>([
  { why: 'a host that is called', text: "await fetch('https://api.stripe.com/v1/charges')", is: [['stripe', 'api.stripe.com']] },
  { why: 'one in a template', text: 'const url = `https://maps.acme.io/${id}`', is: [['acme', 'maps.acme.io']] },
  { why: 'a default beside a variable', text: "process.env.API ?? 'http://mail-api:8025'", is: [['mail_api_8025', 'mail-api:8025']] },
  { why: 'another port of this machine', text: "fetch('http://localhost:8025/send')", is: [['localhost_8025', 'localhost:8025']] },
  {
    why: 'two of one domain',
    text: "['https://a.x.com/', 'https://b.x.com/']",
    is: [
      ['x', 'a.x.com'],
      ['b_x_com', 'b.x.com'],
    ],
  },
  { why: 'twice the same', text: "['https://a.x.com/1', 'https://A.x.com/2']", is: [['x', 'a.x.com']] },
  { why: 'the service itself', text: "app.listen(process.env.PORT ?? 3000); fetch('http://localhost:3000/')", is: [] },
  { why: 'a comment', text: "// see 'https://api.stripe.com/docs'\n/* 'https://x.io/' */", is: [] },
  { why: 'a document', text: "const ns = 'http://www.w3.org/2000/svg'", is: [] },
  { why: 'an example', text: "'https://api.example.com/'", is: [] },
  { why: 'a queue that waits for messages', text: "'https://sqs.eu-west-1.amazonaws.com/1/q'", is: [] },
])('upstreams: $why', ({ text, is }) => {
  expect(upstreamsIn(inFile(text)).map(({ name, host }) => [name, host])).toEqual(is)
})

test.for<{ why: string; text: string; is: readonly (readonly [string, string])[] }>([
  { why: 'a list that is waited for', text: "await redis.brpop('mails', 0)", is: [['mails', 'list']] },
  { why: 'as node-redis has it', text: "await client.blPop('mails', 0)", is: [['mails', 'list']] },
  { why: 'a sorted set', text: "redis.zpopmin('due')", is: [['due', 'zset']] },
  { why: 'a key that is made', text: 'redis.rpop(`mails:${id}`)', is: [] },
  { why: 'an array', text: 'list.pop()', is: [] },
])('keys of Redis: $why', ({ text, is }) => {
  expect(keysIn(inFile(text)).map(({ key, type }) => [key, type])).toEqual(is)
})

test.for([
  { text: "new Worker<Job>('mails', work)", is: ['mails'] },
  { text: "@Processor('orders')", is: ['orders'] },
  { text: "@Processor({ name: 'orders', scope: Scope.REQUEST })", is: ['orders'] },
  { text: "BullModule.registerQueue({ name: 'orders' })\nnew Queue('orders')", is: ['orders'] },
  { text: "new Worker('./thread.js')", is: ['./thread.js'] },
])('queues of $text', ({ text, is }) => {
  expect(queueNamesIn(inFile(text))).toEqual(is)
})

test.for([
  {
    why: 'an exported function that is called with await',
    text: 'module.exports = { sendMail }\nasync function sendMail(m) {}\nfor (;;) await sendMail(1)',
    is: 'sendMail',
  },
  { why: 'an arrow function', text: 'export const handleJob = async (job) => {}\nawait handleJob(1)', is: 'handleJob' },
  {
    why: 'two that look alike',
    text: 'export async function processOrder(o) {}\nexport async function processRefund(o) {}',
    is: undefined,
  },
  {
    why: 'what frames the work',
    text: 'export async function main() {}\nawait main()\nexport async function startWorker() {}',
    is: undefined,
  },
  { why: 'a helper that nothing speaks for', text: 'function sum(a, b) {}', is: undefined },
  { why: 'one in a comment', text: '// export async function sendMail(m) {}', is: undefined },
])('the piece of work: $why', ({ text, is }) => {
  expect(theOne(piecesOfWork(inFile(text)))?.name).toBe(is)
})
