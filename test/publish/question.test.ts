/** A server that answers when the test says so, on a clock that the test moves. */
import { describe, expect, test } from 'vitest'

import { Question } from '../../src/publish/question.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const REFUSED = new Error('NOPERM')
const settledTurn = () => new Promise((resolve) => setImmediate(resolve))

function questionOf({ connected = true } = {}) {
  const clock = new VirtualClock()
  const asked: PromiseWithResolvers<number>[] = []
  const is = { connected }
  const heard: string[] = []
  const question = new Question<number, string>({
    clock,
    connected: () => is.connected,
    failed: (error) => error === REFUSED,
    ask: () => {
      const each = Promise.withResolvers<number>()
      asked.push(each)
      return each.promise
    },
    taken: (answer) => `the ${answer}`,
    settled: () => void heard.push('settled'),
  })
  const answers = async (answer: number) => {
    asked.at(-1)!.resolve(answer)
    await settledTurn()
  }
  const fails = async (error: Error) => {
    asked.at(-1)!.reject(error)
    await settledTurn()
  }
  const late = (answer: string) => void heard.push(`late: ${answer}`)
  const goes = (up: boolean) => {
    is.connected = up
    if (up) question.up()
    else question.down()
  }
  return { question, clock, asked, heard, answers, fails, late, goes }
}

describe('an answer in time', () => {
  test('is told to all who wait, and is one question', async () => {
    const { question, asked, heard, answers, late } = questionOf()
    const all = [question.answer(1000, late), question.answer(1000, late)]
    await answers(7)
    expect(await Promise.all(all)).toEqual(['the 7', 'the 7'])
    expect([asked.length, heard]).toEqual([1, ['settled']])
  })

  test('is not kept: whoever asks again gets a new one', async () => {
    const { question, asked, answers } = questionOf()
    const first = question.answer(1000)
    await answers(7)
    const second = question.answer(1000)
    await answers(8)
    expect([await first, await second, asked.length]).toEqual(['the 7', 'the 8', 2])
  })
})

describe('a late answer', () => {
  test('is told to whom it is late for, once, before anything that follows from it', async () => {
    const { question, clock, asked, heard, answers, late } = questionOf()
    const first = question.answer(1000, late)
    clock.advance(1000)
    expect(await first).toBeUndefined()
    clock.advance(3_600_000)
    expect(asked.length).toBe(1)
    await answers(7)
    question.up()
    expect([heard, asked.length]).toEqual([['late: the 7', 'settled'], 1])
  })

  test('is told as well to who asks once more and waits for it', async () => {
    const { question, clock, heard, answers, late } = questionOf()
    const first = question.answer(1000, late)
    clock.advance(1000)
    await first
    const second = question.answer(1000, late)
    await answers(7)
    expect([await second, heard]).toEqual(['the 7', ['late: the 7', 'settled']])
  })

  test('is kept for the next who asks where nobody is to be told', async () => {
    const { question, asked, answers } = questionOf()
    question.want()
    await answers(7)
    expect([await question.answer(1000), asked.length]).toEqual(['the 7', 1])
  })
})

describe('without a connection', () => {
  test('it is asked as soon as there is one', async () => {
    const { question, clock, asked, heard, answers, late, goes } = questionOf({ connected: false })
    const first = question.answer(1000, late)
    clock.advance(1000)
    await first
    expect(asked).toEqual([])
    goes(true)
    await answers(7)
    expect(heard).toEqual(['late: the 7', 'settled'])
  })

  test('nobody waits for the time that it may take', async () => {
    const { question, goes } = questionOf({ connected: false })
    const first = question.answer(1_000_000)
    goes(false)
    expect(await first).toBeUndefined()
  })

  test('one that is lost is asked again on the next', async () => {
    const { question, asked, heard, answers, fails, late, goes } = questionOf()
    const first = question.answer(1000, late)
    goes(false)
    await fails(new Error('Connection is closed.'))
    expect(await first).toBeUndefined()
    goes(true)
    expect(asked.length).toBe(2)
    await answers(7)
    expect(heard).toEqual(['late: the 7', 'settled'])
  })
})

test('without an answer though there is a connection it is asked again after a pause', async () => {
  const { question, clock, asked, heard, answers, fails } = questionOf()
  question.want()
  await fails(new Error('Too many Cluster redirections'))
  expect([asked.length, heard]).toEqual([1, []])
  clock.advance(200)
  await answers(7)
  expect([asked.length, heard]).toEqual([2, ['settled']])
})

test('what is refused is settled: nothing is known, until somebody asks again', async () => {
  const { question, asked, heard, answers, fails, late } = questionOf()
  const first = question.answer(1000, late)
  await fails(REFUSED)
  question.up()
  expect([await first, asked.length, heard]).toEqual([undefined, 1, ['settled']])
  const second = question.answer(1000, late)
  await answers(7)
  expect([await second, heard]).toEqual(['the 7', ['settled', 'late: the 7', 'settled']])
})
