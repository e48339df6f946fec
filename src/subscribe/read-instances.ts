/** What the keys of instances say. No value is read that is larger than a message, however large it is. */
import { parseStatus, whyNoMessage } from '../wire/message.ts'
import type { ShardNames } from '../wire/names.ts'
import { LONGEST_NAME } from '../wire/sizes.ts'
import type { InstanceView } from './health-view.ts'
import { FUTURE_MS, toScores, toTime } from './read-scores.ts'
import type { Answer, Ask, Question } from './redis-questions.ts'

export interface InstanceName {
  readonly service: string
  readonly instance: string
}

/** Instances of one service that are looked at, those that beat last. */
const MOST_INSTANCES = 1000

/** Bytes; one more is asked for, so that what is too large shows. */
const LARGEST = 64 * 1024
/** However large the values, so many together stay within some megabytes. */
const AT_ONCE = 100

export interface InstanceList {
  readonly instances: ReadonlyMap<string, number>
  /** Why it, or some of it, is left out: half a sentence. */
  readonly problem?: string
  /** Nothing of it could be read. */
  readonly refused: boolean
}

/** Of each service, in the order given: instances by last beat. Times in the future are left out. */
export async function readInstanceLists(ask: Ask, names: ShardNames, services: readonly string[], now: number): Promise<InstanceList[]> {
  const latest = now + FUTURE_MS
  const answers = await inPortions(
    ask,
    services.map((service) => {
      const key = names.instances(service)
      return [
        ['zrevrangebyscore', key, latest, '-inf', 'WITHSCORES', 'LIMIT', 0, MOST_INSTANCES + 1],
        ['zcount', key, `(${latest}`, '+inf'],
      ]
    }),
  )
  return answers.map(([list, ahead]) => {
    if (list!.refused !== undefined) return { instances: new Map(), problem: list!.refused, refused: true }
    const scores = toScores(list!.value as string[], now)
    const readable = scores.slice(0, MOST_INSTANCES).filter(({ name, at }) => name.length <= LONGEST_NAME && at !== undefined)
    const problems = [
      ...(scores.length > MOST_INSTANCES ? [`holds more than ${MOST_INSTANCES} instances, of which those that beat last are shown`] : []),
      ...(readable.length < Math.min(scores.length, MOST_INSTANCES) ? ['holds names that are too long'] : []),
      ...(Number(ahead!.value) > 0 ? [`holds ${String(ahead!.value)} times that lie in the future`] : []),
    ]
    return {
      instances: new Map(readable.map(({ name, at }) => [name, at!])),
      ...(problems.length > 0 && { problem: problems.join(', ') }),
      refused: false,
    }
  })
}

/** `undefined`: it is not on the list of its service, that list cannot be read, or it says a time in the future. */
export async function readInstances(
  ask: Ask,
  shard: ShardNames,
  names: readonly InstanceName[],
  now: number,
): Promise<(InstanceView | undefined)[]> {
  const answers = await inPortions(
    ask,
    names.map(({ service, instance }) => {
      const score: Question = ['zscore', shard.instances(service), instance]
      // The score first and last: where they are one, the text is of that beat.
      return [score, ['getrange', shard.status(service, instance), 0, LARGEST], score]
    }),
  )
  return answers.map(([score, text, scoreAfter], i) => toInstance(names[i]!, shard, { score, text, scoreAfter } as InstanceAnswers, now))
}

/** Whether each still has a status that can be read; what has none is silent. */
export async function readWhetherAlive(ask: Ask, shard: ShardNames, names: readonly InstanceName[]): Promise<boolean[]> {
  const answers = await inPortions(
    ask,
    names.map(({ service, instance }) => [['strlen', shard.status(service, instance)]]),
  )
  return answers.map(([answer]) => answer!.refused === undefined && Number(answer!.value) > 0)
}

interface InstanceAnswers {
  readonly score: Answer
  readonly text: Answer
  readonly scoreAfter: Answer
}

function toInstance(
  { service, instance }: InstanceName,
  shard: ShardNames,
  answers: InstanceAnswers,
  now: number,
): InstanceView | undefined {
  const { score, text, scoreAfter } = answers
  if (typeof score.value !== 'string') return undefined
  const lastBeatAt = toTime(score.value, now)
  if (lastBeatAt === undefined) return undefined
  const seen = { instance, lastBeatAt }
  if (text.refused !== undefined) return { ...seen, status: undefined, problem: text.refused }
  if (text.value === '') return { ...seen, status: undefined }
  const status = parseStatus(service, text.value as string, shard.hmacKey)
  if (!status)
    return { ...seen, status: undefined, problem: whyNoMessage(shard.statusChannel(service), text.value as string, shard.hmacKey) }
  if (status.instance !== instance) return { ...seen, status: undefined, problem: 'holds the status of another instance' }
  const isOneBeat = scoreAfter.value === score.value
  return { ...seen, status, ...(isOneBeat && { skewMs: Date.parse(status.timestamp) - lastBeatAt }) }
}

/** The answers to each group of questions. */
async function inPortions(ask: Ask, groups: readonly (readonly Question[])[]): Promise<(readonly Answer[])[]> {
  const answered: (readonly Answer[])[] = []
  for (let i = 0; i < groups.length; i += AT_ONCE) {
    const portion = groups.slice(i, i + AT_ONCE)
    const answers = await ask(portion.flat())
    let from = 0
    for (const { length } of portion) answered.push(answers.slice(from, (from += length)))
  }
  return answered
}
