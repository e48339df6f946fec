/**
 * Packages through which Node services take work, by which a service is told where its work may be that nobody sees. One that
 * queue-libraries.ts has is seen by itself.
 */
const NAMES: readonly string[] = [
  // Queues in Redis.
  ...['bull', 'bullmq', 'bee-queue', 'kue', 'rsmq', 'rsmq-worker', 'node-resque', 'redis-smq', 'sidekiq', 'celery-node', 'node-celery'],
  // In databases, files and memory.
  ...[
    'pg-boss',
    'graphile-worker',
    'agenda',
    '@hokify/agenda',
    '@agendajs/agenda',
    'mongodb-queue',
    'better-queue',
    'sidequest',
    'liteque',
  ],
  // Of clouds.
  ...['sqs-consumer', '@aws-sdk/client-sqs', '@google-cloud/pubsub', '@google-cloud/tasks', '@azure/service-bus', '@azure/storage-queue'],
  ...['@azure/event-hubs', '@upstash/qstash'],
  // Brokers.
  ...['amqplib', 'amqp-connection-manager', 'rascal', 'rhea', 'kafkajs', 'node-rdkafka', '@confluentinc/kafka-javascript'],
  ...[
    '@platformatic/kafka',
    'pulsar-client',
    'nats',
    '@nats-io/transport-node',
    '@nats-io/jetstream',
    'node-nats-streaming',
    'nsqjs',
    'mqtt',
  ],
  ...['@stomp/stompjs', 'stompit', 'beanstalkd', 'fivebeans', 'jackd', 'faktory-worker', 'faktory-client'],
  // Workflows.
  ...['@temporalio/worker', 'inngest', '@trigger.dev/sdk', '@hatchet-dev/typescript-sdk', '@restatedev/restate-sdk', '@camunda8/sdk'],
  ...['camunda-external-task-client-js', 'zeebe-node'],
  // Timetables.
  ...['node-cron', 'cron', 'croner', 'node-schedule', 'bree', 'toad-scheduler'],
]

export const POPULAR_LIBRARIES: ReadonlySet<string> = new Set(NAMES)
