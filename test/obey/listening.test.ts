import { setImmediate } from 'node:timers/promises'

import { diag, DiagLogLevel } from '@opentelemetry/api'
import { expect, onTestFinished, test } from 'vitest'

import { Answers } from '../../src/obey/answers.ts'
import { Listening } from '../../src/obey/listening.ts'
import { ServerTime } from '../../src/obey/server-time.ts'
import { shardNames } from '../../src/wire/names.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

test.for([
  {
    what: 'an older ACL file, which lets nobody read what is asked, is named once',
    refuses: "NOPERM No permissions to access a key used as argument 'xrevrange'",
    said: [
      'otel-health: the user of the health Redis may not read what people ask of mailer, so that nobody can pause or stop it: give it the rights of service.acl in docs/acl of the package.',
    ],
  },
  { what: 'a Redis that is away is not named here: who publishes does', refuses: 'Connection is closed.', said: [] },
])('$what', async ({ refuses, said }) => {
  const warned: string[] = []
  const silent = (): void => {}
  const warn = (text: string): void => void warned.push(text)
  diag.setLogger({ error: silent, warn, info: silent, debug: silent, verbose: silent }, { logLevel: DiagLogLevel.WARN })
  const clock = new VirtualClock()
  const time = new ServerTime(clock)
  let tries = 0
  const connection = {
    up: true,
    connected: () => Promise.resolve(true),
    run(): Promise<never> {
      tries++
      return Promise.reject(new Error(refuses))
    },
  }
  const of = { connection, names: shardNames(), service: 'mailer', instance: 'i1', clock, time }
  const listening = new Listening({
    ...{ ...of, answers: new Answers(of), obedience: { consider: () => Promise.resolve(), comeBackHeld: silent } },
    ...{ age: () => 0, isSupervised: false, onKnown: silent },
  })
  onTestFinished(() => {
    listening.stop()
    diag.disable()
  })
  for (let i = 0; i < 5; i++) {
    clock.advance(1000)
    await setImmediate()
  }
  expect(tries).toBeGreaterThan(3)
  expect(warned).toEqual(said)
})
