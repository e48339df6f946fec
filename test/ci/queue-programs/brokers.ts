/** Services that take messages from RabbitMQ and Kafka. */
import type { Program } from './program.ts'
import { THROWN } from './program.ts'

export const amqp: Program = {
  library: 'amqplib',
  keepsOrder: true,
  why: 'a consumer that acknowledges',
  loads: { amqplib: 'amqplib' },
  body: `
    const connection = await amqplib.connect(process.env.AMQP)
    const channel = await connection.createChannel()
    const { queue } = await channel.assertQueue(process.env.QUEUE, { autoDelete: true })
    await channel.prefetch(1)
    for (let n = 0; n < 100; n++) channel.sendToQueue(queue, Buffer.from(String(n)))
    const { consumerTag } = await channel.consume(queue, async (message) => {
      try {
        await handle(Number(message.content))
        channel.ack(message)
      } catch {
        channel.nack(message)
      }
    })
    await jobsEnded(110)
    channel.sendToQueue(queue, Buffer.from('200'))
    await jobsEnded(111)
    await globalThis.askQueues?.()
    await channel.close()
    await connection.close()`,
  queue: 'jobs',
  ok: 101,
  errors: Array.from({ length: 10 }, () => 'nack'),
  reading: { due: 0 },
}

/** `how`: the function that `consumer.run` is given. */
function kafka(why: string, how: string): Program {
  return {
    library: 'kafkajs',
    keepsOrder: true,
    why,
    loads: { kafkajs: 'kafkajs' },
    body: `
      const { Kafka, logLevel } = kafkajs.Kafka ? kafkajs : kafkajs.default
      const kafka = new Kafka({ clientId: 'service', brokers: [process.env.KAFKA], logLevel: logLevel.NOTHING, retry: { initialRetryTime: 20, retries: 20 } })
      const topic = process.env.QUEUE
      const admin = kafka.admin()
      await admin.connect()
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
      await admin.disconnect()
      const producer = kafka.producer()
      await producer.connect()
      const send = (messages) => producer.send({ topic, messages: messages.map((n) => ({ value: String(n) })) })
      await send(Array.from({ length: 100 }, (_, n) => n))
      const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100 })
      await consumer.connect()
      await consumer.subscribe({ topic, fromBeginning: true })
      await consumer.run({ ${how} })
      await jobsEnded(110)
      await send([200, 201])
      await jobsEnded(112)
      await new Promise((resolve) => setTimeout(resolve, 50))
      await globalThis.askQueues?.()
      await consumer.disconnect()
      await producer.disconnect()`,
    queue: 'jobs',
    ok: 102,
    errors: THROWN,
    reading: { due: 0, oldestAgeSeconds: 0, paused: false },
  }
}
const EACH_MESSAGE = `eachMessage: async ({ message }) => { await handle(Number(message.value)) }`
const EACH_BATCH = `eachBatch: async ({ batch, resolveOffset, heartbeat }) => {
  for (const message of batch.messages) {
    await handle(Number(message.value))
    resolveOffset(message.offset)
    await heartbeat()
  }
}`

export const KAFKA = [kafka('eachMessage', EACH_MESSAGE), kafka('eachBatch', EACH_BATCH)]
