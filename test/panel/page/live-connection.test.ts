import { beforeEach, expect, test } from 'vitest'

import type { LinkState } from '../../../src/panel/page/live/freshness.ts'
import { LiveConnection, type StreamHeard } from '../../../src/panel/page/live/live-connection.ts'
import type { PollAnswer } from '../../../src/panel/protocol.ts'
import { changeOf, nowOf } from './rows.ts'

/** A browser with a clock that the test turns. */
class Browser {
  time = 1_000_000
  readonly streams: { readonly since: string | undefined; readonly heard: StreamHeard; isOpen: boolean }[] = []
  readonly polls: (string | undefined)[] = []
  answer: () => Promise<PollAnswer> = () => Promise.reject(new Error('away'))
  readonly said: string[] = []
  link: LinkState | undefined
  #timers: { at: number; run: () => void }[] = []
  readonly connection = new LiveConnection(
    {
      open: (since, heard) => {
        const stream = { since, heard, isOpen: true }
        this.streams.push(stream)
        return { close: () => void (stream.isOpen = false) }
      },
      poll: (since) => {
        this.polls.push(since)
        return this.answer()
      },
      nowMs: () => this.time,
      after: (ms, run) => {
        const timer = { at: this.time + ms, run }
        this.#timers.push(timer)
        return () => (this.#timers = this.#timers.filter((each) => each !== timer))
      },
      random: () => 1,
    },
    {
      onNow: ({ at }) => this.said.push(`now ${at}`),
      onChange: ({ at }) => this.said.push(`change ${at}`),
      onTransition: ({ id }) => this.said.push(`transition ${id}`),
      onLink: (link) => (this.link = link),
    },
  )

  get stream(): { readonly since: string | undefined; readonly heard: StreamHeard; isOpen: boolean } {
    return this.streams.at(-1)!
  }

  say(event: string, id: string, value: object): void {
    this.stream.heard.onEvent(event, id, JSON.stringify(value))
  }

  /** Runs timers that are due, and the ticks of the page, half a second each. */
  async pass(ms: number): Promise<void> {
    for (const end = this.time + ms; this.time < end;) {
      this.time = Math.min(end, this.time + 500)
      for (const timer of this.#timers.filter(({ at }) => at <= this.time)) {
        this.#timers = this.#timers.filter((each) => each !== timer)
        timer.run()
      }
      this.connection.tick()
      await Promise.resolve()
      await Promise.resolve()
    }
  }
}

let browser: Browser
beforeEach(() => {
  browser = new Browser()
  browser.connection.start()
})

function begun(): void {
  browser.say('now', 'r-5', nowOf({ at: 5 }))
}

test('what the stream says is passed on, each once and in its order', () => {
  begun()
  browser.say('change', 'r-6', changeOf({ at: 6 }))
  browser.say('transition', 'r-7', { id: 't' })
  browser.say('change', 'r-7', changeOf({ at: 7 }))
  expect(browser.said).toEqual(['now 5', 'change 6', 'transition t'])
  expect(browser.link).toBe('streaming')
})

test('a stream that ends is opened again from where it was', async () => {
  begun()
  browser.stream.heard.onError()
  expect(browser.link).toBe('lost')
  await browser.pass(1000)
  expect(browser.streams.map(({ since, isOpen }) => ({ since, isOpen }))).toEqual([
    { since: undefined, isOpen: false },
    { since: 'r-5', isOpen: true },
  ])
  browser.say('change', 'r-6', changeOf({ at: 6 }))
  expect(browser.said).toEqual(['now 5', 'change 6'])
  expect(browser.link).toBe('streaming')
})

test('a change that does not follow is not shown: everything is asked for anew', async () => {
  begun()
  browser.say('change', 'r-8', changeOf({ at: 8 }))
  expect(browser.said).toEqual(['now 5'])
  await browser.pass(1000)
  expect(browser.stream.since).toBeUndefined()
  browser.say('now', 'r-9', nowOf({ at: 9 }))
  expect(browser.said).toEqual(['now 5', 'now 9'])
})

test('an event that cannot be read is no event: everything is asked for anew', async () => {
  begun()
  browser.stream.heard.onEvent('change', 'r-6', '{"at":')
  await browser.pass(1000)
  expect(browser.streams).toHaveLength(2)
  expect(browser.stream.since).toBeUndefined()
})

test('an open stream that says nothing any more is given up', async () => {
  begun()
  await browser.pass(3500)
  expect(browser.streams).toHaveLength(1)
  await browser.pass(2000)
  expect(browser.streams).toHaveLength(2)
  expect(browser.streams[0]!.isOpen).toBe(false)
})

test('what a stream that was left says too late is not listened to', async () => {
  begun()
  const [former] = browser.streams
  former!.heard.onError()
  await browser.pass(1000)
  former!.heard.onEvent('change', 'r-6', JSON.stringify(changeOf({ at: 6 })))
  former!.heard.onError()
  expect(browser.said).toEqual(['now 5'])
  expect(browser.streams).toHaveLength(2)
})

test('where no stream can be had the same is asked for, from the last id on', async () => {
  begun()
  browser.answer = () => Promise.resolve({ id: 'r-7', changes: [changeOf({ at: 6 }), changeOf({ at: 7 })], transitions: [] })
  browser.stream.heard.onError()
  await browser.pass(1000)
  browser.stream.heard.onError()
  await browser.pass(1500)
  expect(browser.polls[0]).toBe('r-5')
  expect(browser.said).toEqual(['now 5', 'change 6', 'change 7'])
  expect(browser.link).toBe('polling')
  browser.answer = () => Promise.resolve({ id: 'r-8', now: nowOf({ at: 8 }) })
  await browser.pass(2000)
  expect(browser.polls[1]).toBe('r-7')
  expect(browser.said.at(-1)).toBe('now 8')
})

test('whoever asks tries now and then whether there is a stream again', async () => {
  begun()
  browser.answer = () => Promise.resolve({ id: 'r-5', changes: [], transitions: [] })
  browser.stream.heard.onError()
  await browser.pass(1000)
  browser.stream.heard.onError()
  await browser.pass(20_000)
  expect(browser.streams).toHaveLength(3)
  browser.say('change', 'r-6', changeOf({ at: 6 }))
  expect(browser.link).toBe('streaming')
  const asked = browser.polls.length
  await browser.pass(3000)
  expect(browser.polls).toHaveLength(asked)
})

test('a stream that cannot be had again does not keep a page from asking', async () => {
  begun()
  browser.answer = () => Promise.resolve({ id: 'r-5', changes: [], transitions: [] })
  browser.stream.heard.onError()
  await browser.pass(1000)
  browser.stream.heard.onError()
  await browser.pass(20_000)
  browser.stream.heard.onError()
  const asked = browser.polls.length
  await browser.pass(6000)
  expect(browser.polls.length).toBeGreaterThan(asked)
  expect(browser.link).toBe('polling')
})

test('a server that is away is tried again at least every 5 s, for hours', async () => {
  begun()
  for (let i = 0; i < 200; i++) {
    const tries = browser.streams.length + browser.polls.length
    if (browser.stream.isOpen) browser.stream.heard.onError()
    await browser.pass(5500)
    expect(browser.streams.length + browser.polls.length).toBeGreaterThan(tries)
  }
  expect(browser.link).toBe('lost')
})

test('a machine that has slept connects at once when it wakes', async () => {
  begun()
  browser.time += 600_000
  browser.connection.tick()
  expect(browser.streams).toHaveLength(2)
  expect(browser.stream.since).toBe('r-5')
})

test('a page that is shown again connects at once only if nothing was said for a while', async () => {
  begun()
  browser.connection.wake()
  expect(browser.streams).toHaveLength(1)
  await browser.pass(2000)
  browser.connection.wake()
  expect(browser.streams).toHaveLength(2)
})

test('one that was stopped goes on from where it was', async () => {
  begun()
  browser.connection.stop()
  await browser.pass(600_000)
  browser.connection.wake()
  expect(browser.streams).toHaveLength(1)
  browser.connection.start()
  expect(browser.stream).toMatchObject({ since: 'r-5', isOpen: true })
  browser.say('change', 'r-6', changeOf({ at: 6 }))
  await browser.pass(1000)
  expect(browser.said).toEqual(['now 5', 'change 6'])
  expect(browser.streams).toHaveLength(2)
})

test('when it is stopped nothing is asked and nothing is heard any more', async () => {
  begun()
  browser.connection.stop()
  browser.say('change', 'r-6', changeOf({ at: 6 }))
  await browser.pass(30_000)
  expect(browser.said).toEqual(['now 5'])
  expect(browser.streams).toHaveLength(1)
  expect(browser.stream.isOpen).toBe(false)
})
