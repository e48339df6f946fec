/** Which versions of the libraries are tested with which programs: each era is a project of its own. */
import { agenda, BACKEND, DATABASE, DONE, PROMISE } from './agenda.ts'
import { amqp, KAFKA } from './brokers.ts'
import { nodeCron, pQueue } from './in-process.ts'
import { ONE, sqsConsumer, sqsLoop } from './sqs.ts'

export const OLDEST = {
  packages: {
    'sqs-consumer': '5.2.0',
    'aws-sdk': '^2.1690.0',
    '@aws-sdk/client-sqs': '3.450.0',
    'p-queue': '6.0.1',
    'node-cron': '3.0.0',
    amqplib: '0.8.0',
    kafkajs: '1.12.0',
    agenda: '4.0.1',
  },
  programs: [
    sqsConsumer('on aws-sdk 2', 'aws-sdk', ONE),
    sqsLoop,
    pQueue,
    nodeCron,
    amqp,
    agenda('a function that returns a promise', PROMISE, DATABASE),
    agenda('a function that calls back', DONE, DATABASE),
    ...KAFKA,
  ],
}

export const BETWEEN = {
  packages: {
    'sqs-consumer': '7.0.0',
    '@aws-sdk/client-sqs': '^3.450.0',
    'p-queue': '7.0.0',
    'node-cron': '4.0.0',
    amqplib: '1.0.0',
    agenda: '5.0.0',
  },
  programs: [
    sqsConsumer('', '@aws-sdk/client-sqs', ONE),
    pQueue,
    nodeCron,
    amqp,
    agenda('a function that returns a promise', PROMISE, DATABASE),
    agenda('a function that calls back', DONE, DATABASE),
  ],
}

export const NEWEST = {
  packages: {
    'sqs-consumer': '^15.0.0',
    '@aws-sdk/client-sqs': '^3.1175.0',
    'p-queue': '^10.0.0',
    'node-cron': '^4.6.0',
    amqplib: '^2.3.1',
    kafkajs: '^2.2.4',
    agenda: '^6.2.6',
  },
  programs: [
    sqsConsumer('', '@aws-sdk/client-sqs', ONE, true),
    sqsLoop,
    pQueue,
    nodeCron,
    amqp,
    agenda('a function that returns a promise', PROMISE, BACKEND),
    agenda('a function that calls back', DONE, BACKEND),
    ...KAFKA,
  ],
}
