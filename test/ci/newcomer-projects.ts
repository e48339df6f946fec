/** The three projects of a newcomer, as their tools make them: each does 100 pieces of work, of which every tenth fails. */

export interface NewcomerProject {
  readonly name: string
  /** As it is before anything is installed; `undefined`: as `npm init -y` makes it. */
  readonly packageJson: object | undefined
  /** Besides otel-health. */
  readonly packages: readonly string[]
  readonly files: Readonly<Record<string, string>>
  /** npm scripts that are run before the start. */
  readonly before: readonly string[]
  /** The health.config that init is expected to write, and the script that starts the service after it. */
  readonly config: string
  readonly start: string
}

export const PIECES = 100
export const FAILURES = 10

/** `ports`: of the Redis that all of them use, and of the server that takes mails. */
export function newcomerProjects({ redis, mails }: { readonly redis: number; readonly mails: number }): readonly NewcomerProject[] {
  return [
    {
      name: 'plain',
      packageJson: undefined,
      packages: [],
      before: [],
      config: 'health.config.mjs',
      start: 'node --import otel-health/register index.js',
      files: {
        'send-mail.js': `const API = process.env.MAIL_API ?? 'http://127.0.0.1:${mails}'
async function sendMail(mail) {
  const answer = await fetch(API + '/send', { method: 'POST', body: JSON.stringify(mail) })
  await answer.text()
  if (!answer.ok) throw new Error('refused: ' + answer.status)
}
module.exports = { sendMail }
`,
        'index.js': `const { sendMail } = require('./send-mail')
async function main() {
  for (let id = 0; id < ${PIECES}; id++) await sendMail({ id }).catch(() => {})
  console.log('done')
  setInterval(() => {}, 1000)
}
main()
`,
      },
    },
    {
      name: 'resizer',
      packageJson: { name: '@acme/resizer', type: 'module', scripts: { start: 'node src/main.ts' } },
      packages: ['bullmq@5'],
      before: [],
      config: 'health.config.ts',
      start: 'node --import otel-health/register src/main.ts',
      files: {
        'src/main.ts': `import { Queue, Worker } from 'bullmq'
interface Image { id: number }
const connection = { host: '127.0.0.1', port: ${redis} }
const queue = new Queue<Image>('images', { connection })
let seen: number = 0
const worker = new Worker<Image>('images', async ({ data: { id } }) => { if (id % 10 === 0) throw new Error('no image') }, { connection })
const onEnd = (): void => void (++seen === ${PIECES} && console.log('done'))
worker.on('completed', onEnd).on('failed', onEnd)
await queue.addBulk(Array.from({ length: ${PIECES} }, (_, id) => ({ name: 'resize', data: { id } })))
`,
      },
    },
    {
      name: 'shop',
      packageJson: { name: 'shop', scripts: { build: 'tsc', start: 'node dist/main' } },
      packages: [
        '@nestjs/core@11',
        '@nestjs/common@11',
        '@nestjs/bullmq@11',
        'bullmq@5',
        'reflect-metadata',
        'rxjs',
        'typescript@5',
        '@types/node@24',
      ],
      before: ['build'],
      config: 'health.config.mjs',
      start: 'node --import otel-health/register dist/main',
      files: {
        'tsconfig.json': `{
  "compilerOptions": {
    "module": "commonjs", "target": "ES2023", "outDir": "./dist", "skipLibCheck": true,
    "experimentalDecorators": true, "emitDecoratorMetadata": true,
  }
}
`,
        'src/orders.processor.ts': `import { Processor, WorkerHost } from '@nestjs/bullmq'
import type { Job } from 'bullmq'

@Processor('orders')
export class OrdersProcessor extends WorkerHost {
  private seen = 0

  async process({ data: { id } }: Job<{ id: number }>): Promise<void> {
    if (++this.seen === ${PIECES}) console.log('done')
    if (id % 10 === 0) throw new Error('the card is declined')
  }
}
`,
        'src/app.module.ts': `import { BullModule } from '@nestjs/bullmq'
import { Module } from '@nestjs/common'
import { OrdersProcessor } from './orders.processor'

@Module({
  imports: [
    BullModule.forRoot({ connection: { host: '127.0.0.1', port: ${redis} } }),
    BullModule.registerQueue({ name: 'orders' }),
  ],
  providers: [OrdersProcessor],
})
export class AppModule {}
`,
        'src/main.ts': `import { getQueueToken } from '@nestjs/bullmq'
import { NestFactory } from '@nestjs/core'
import type { Queue } from 'bullmq'
import { AppModule } from './app.module'

async function bootstrap() {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] })
  app.enableShutdownHooks()
  const jobs = Array.from({ length: ${PIECES} }, (_, id) => ({ name: 'order', data: { id } }))
  await app.get<Queue>(getQueueToken('orders')).addBulk(jobs)
}
void bootstrap()
`,
      },
    },
  ]
}
