/** Services that take messages from SQS, with sqs-consumer and in a loop of their own. */
import type { Program } from './program.ts'
import { THROWN } from './program.ts'

const CLIENT_2 = `const sqs = new (aws.default ?? aws).SQS({ endpoint: process.env.SQS, region: 'eu-west-1', accessKeyId: 'a', secretAccessKey: 'b' })`
const CLIENT_3 = `const sqs = new clientSqs.SQSClient({ endpoint: process.env.SQS, region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } })`
const QUEUE_URL = `const queueUrl = process.env.SQS + '/000000000000/' + process.env.QUEUE`

/** A message that failed comes again at once. */
export function sqsConsumer(why: string, sdk: 'aws-sdk' | '@aws-sdk/client-sqs', handler: string, isNewest = false): Program {
  return {
    library: 'sqs-consumer',
    keepsOrder: true,
    why,
    loads: { sqsConsumer: 'sqs-consumer', ...(sdk === 'aws-sdk' ? { aws: sdk } : { clientSqs: sdk }) },
    body: `
      ${sdk === 'aws-sdk' ? CLIENT_2 : CLIENT_3}
      ${QUEUE_URL}
      const options = { queueUrl, sqs, waitTimeSeconds: 1, batchSize: 10, terminateVisibilityTimeout: true }
      const consumer = sqsConsumer.Consumer.create({ ...options, ${handler} })
      consumer.on('processing_error', () => {})
      consumer.on('error', () => {})
      const idle = new Promise((resolve) => consumer.on('empty', resolve))
      consumer.start()
      await jobsEnded(110)
      await idle
      await globalThis.askQueues?.()
      consumer.stop()`,
    queue: 'jobs',
    ok: 100,
    // Up to version 7 the message of what was thrown is changed by the library.
    errors: isNewest ? THROWN : THROWN.map((error) => error.replace('no', 'Unexpected message handler failure: no')),
    reading: { due: 0, leased: 0, scheduled: 0 },
  }
}
export const ONE = `handleMessage: async (message) => { await handle(Number(message.Body)); return message }`

export const sqsLoop: Program = {
  library: '@aws-sdk/client-sqs',
  keepsOrder: false,
  why: 'a loop of the service',
  loads: { clientSqs: '@aws-sdk/client-sqs' },
  body: `
    ${CLIENT_3}
    ${QUEUE_URL}
    const { ReceiveMessageCommand, DeleteMessageCommand, DeleteMessageBatchCommand, ChangeMessageVisibilityCommand } = clientSqs
    while (counts.ended < 110) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1, VisibilityTimeout: 2 }))
      const done = []
      for (const { Body, ReceiptHandle, MessageId } of Messages) {
        try {
          await handle(Number(Body))
          if (counts.ended % 2) await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }))
          else done.push({ Id: MessageId, ReceiptHandle })
        } catch {
          // Half of them are given back, half of them are just left.
          if (Body < 50) await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle, VisibilityTimeout: 0 }))
        }
      }
      if (done.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: done }))
    }
    await globalThis.askQueues?.()
    sqs.destroy()`,
  queue: 'jobs',
  ok: 100,
  errors: ['given_back', 'given_back', 'given_back', 'given_back', 'given_back', ...Array.from({ length: 5 }, () => 'not_deleted')],
  reading: { due: 0, leased: 0, scheduled: 0 },
}
