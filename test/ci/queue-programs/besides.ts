/** What else services do with these libraries, and what is told of it: how often, by what it is. */

export interface Besides {
  readonly why: string
  /** Packages of the newest era that the program loads, by the name that it has them under. */
  readonly loads: Readonly<Record<string, string>>
  readonly body: string
  readonly attempts: Readonly<Record<string, number>>
}

const SQS = `const sqs = new clientSqs.SQSClient({ endpoint: process.env.SQS, region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } })
const queueUrl = process.env.SQS + '/000000000000/' + process.env.QUEUE`

export const BESIDES: readonly Besides[] = [
  {
    why: 'sqs-consumer with a handler of several messages, which leaves some',
    loads: { sqsConsumer: 'sqs-consumer', clientSqs: '@aws-sdk/client-sqs' },
    body: `${SQS}
      const left = new Set()
      let batches = 0
      const handleMessageBatch = async (messages) => {
        if (++batches === 1) throw Object.assign(new Error('all'), { code: 'E_ALL' })
        const kept = messages.filter(({ Body }) => Body.endsWith('3') && !left.has(Body) && left.add(Body))
        counts.ended += messages.length - kept.length
        return messages.filter((message) => !kept.includes(message))
      }
      const consumer = sqsConsumer.Consumer.create({ queueUrl, sqs, batchSize: 10, waitTimeSeconds: 1, visibilityTimeout: 1, terminateVisibilityTimeout: true, handleMessageBatch })
      consumer.on('error', () => {})
      consumer.start()
      await jobsEnded(100)
      consumer.stop()`,
    attempts: { 'jobs done': 100, 'jobs postponed': 10, 'jobs failed E_ALL': 10 },
  },
  {
    why: 'amqplib with callbacks, without acknowledgements, with a reject, and with all at once',
    loads: { callbacks: 'amqplib/callback_api' },
    body: `
      const connection = await new Promise((resolve, reject) => (callbacks.connect ?? callbacks.default.connect)(process.env.AMQP, (error, value) => (error ? reject(error) : resolve(value))))
      const channel = await new Promise((resolve) => connection.createChannel((_, value) => resolve(value)))
      const name = process.env.QUEUE
      for (const queue of ['a', 'b', 'c']) {
        await new Promise((resolve) => channel.assertQueue(name + queue, { autoDelete: true }, resolve))
        for (let n = 0; n < 10; n++) channel.sendToQueue(name + queue, Buffer.from(String(n)))
      }
      channel.consume(name + 'a', () => { counts.ended++ }, { noAck: true })
      await jobsEnded(10)
      channel.consume(name + 'b', (message) => { counts.ended++; channel.reject(message, false) })
      await jobsEnded(20)
      channel.consume(name + 'c', (message) => { if (++counts.ended === 30) channel.ack(message, true) })
      await jobsEnded(30)
      await globalThis.askQueues?.()
      // To ask about a queue that is gone hurts no channel of the service.
      await new Promise((resolve) => channel.deleteQueue(name + 'c', {}, resolve))
      await globalThis.askQueues?.().catch(() => {})
      console.log(await new Promise((resolve) => channel.checkQueue(name + 'b', (error) => resolve(error ?? 'still open'))))
      // A consumer that throws ends its channel.
      const thrower = await new Promise((resolve) => connection.createChannel((_, value) => resolve(value)))
      const closed = new Promise((resolve) => thrower.on('error', resolve).on('close', resolve))
      connection.on('error', () => {})
      await new Promise((resolve) => thrower.assertQueue(name + 'd', { autoDelete: true }, resolve))
      thrower.consume(name + 'd', () => { throw Object.assign(new Error('at once'), { code: 'E_AT_ONCE' }) })
      thrower.sendToQueue(name + 'd', Buffer.from('0'))
      process.on('uncaughtException', (error) => { console.log(error.code); process.exit(0) })
      await closed
      console.log('closed')
      process.exit(0)`,
    attempts: { 'jobsa done': 10, 'jobsb failed reject': 10, 'jobsc done': 10, 'jobsd failed E_AT_ONCE': 1 },
  },
  {
    why: 'p-queue with a task that is given up, and with a task that is never begun',
    loads: { pQueue: 'p-queue' },
    body: `
      const queue = new pQueue.default({ concurrency: 1, timeout: 30 })
      console.log(await queue.add(() => new Promise((resolve) => setTimeout(resolve, 200, 'late'))).catch(({ name }) => name))
      const aborting = new AbortController()
      const blocking = queue.add(() => new Promise((resolve) => setTimeout(resolve, 10, 'in time')))
      const waiting = queue.add(() => 'never', { signal: aborting.signal }).catch(() => 'aborted')
      aborting.abort()
      console.log(await blocking, await waiting)
      await queue.add('no function').catch(({ name }) => console.log(name))
      await new Promise((resolve) => setTimeout(resolve, 250))`,
    attempts: { 'p-queue done': 1, 'p-queue failed it took longer than 30 ms': 1 },
  },
  {
    why: 'p-queue within the jobs of another library',
    loads: { pQueue: 'p-queue', amqplib: 'amqplib' },
    body: `
      const connection = await amqplib.connect(process.env.AMQP)
      const channel = await connection.createChannel()
      const { queue } = await channel.assertQueue(process.env.QUEUE, { autoDelete: true })
      for (let n = 0; n < 10; n++) channel.sendToQueue(queue, Buffer.from(String(n)))
      const tasks = new pQueue.default({ concurrency: 2 })
      await channel.consume(queue, async (message) => {
        await Promise.all([tasks.add(() => 1), tasks.add(() => 2)])
        channel.ack(message)
        counts.ended++
      })
      await jobsEnded(10)
      await connection.close()`,
    attempts: { 'jobs done': 10 },
  },
]
