/** Queue libraries that are no devDependency of this package: the test of test/ci that installs them and has services which use each. */
export const QUEUE_LIBRARIES_IN_CI: Readonly<Record<string, string>> = {
  Bull: 'queue-libraries.test.ts',
  'Bee-Queue': 'queue-libraries.test.ts',
  'pg-boss': 'queue-libraries.test.ts',
  'Graphile Worker': 'queue-libraries.test.ts',
  'sqs-consumer': 'queue-libraries-other.test.ts',
  '@aws-sdk/client-sqs': 'queue-libraries-other.test.ts',
  amqplib: 'queue-libraries-other.test.ts',
  kafkajs: 'queue-libraries-other.test.ts',
  Agenda: 'queue-libraries-other.test.ts',
  'p-queue': 'queue-libraries-other.test.ts',
  'node-cron': 'queue-libraries-other.test.ts',
}
