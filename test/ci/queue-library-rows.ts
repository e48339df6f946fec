/** Services with the queue libraries that are supported, at the oldest and newest version of each major. */
import type { Format } from './queue-library-services.ts'
import { BEE_QUEUE, BULL, GRAPHILE_WORKER, NESTJS, PG_BOSS } from './queue-library-services.ts'

export interface Row {
  readonly why: string
  readonly libraries: readonly string[]
  readonly workspace: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly format: Format
  /** The packages it loads, by the name it has for each. */
  readonly uses: Readonly<Record<string, string>>
  readonly service: string
  readonly env?: Readonly<Record<string, string>>
}

const ofBull = { libraries: ['Bull'], uses: { library: 'bull' }, service: BULL }
const ofBeeQueue = { libraries: ['Bee-Queue'], uses: { library: 'bee-queue' }, service: BEE_QUEUE }
const ofPgBoss = { libraries: ['pg-boss'], uses: { library: 'pg-boss' }, service: PG_BOSS }
const ofGraphile = { libraries: ['Graphile Worker'], uses: { library: 'graphile-worker' }, service: GRAPHILE_WORKER }
const ofNest = {
  libraries: ['BullMQ', 'Bull'],
  uses: { reflect: 'reflect-metadata', core: '@nestjs/core', common: '@nestjs/common', bull: '@nestjs/bull', bullmq: '@nestjs/bullmq' },
  service: NESTJS,
}
const NEST_10 = { '@nestjs/bull': '10.0.0', '@nestjs/bullmq': '10.0.0', '@nestjs/common': '10.0.0', '@nestjs/core': '10.0.0' }
const NEST_12 = { '@nestjs/bull': '^12.0.0', '@nestjs/bullmq': '^12.0.0', '@nestjs/common': '^12.0.0', '@nestjs/core': '^12.0.0' }

export const ROWS: readonly Row[] = [
  { ...ofBull, why: 'Bull 3.0, CommonJS', workspace: 'bull-3.0', dependencies: { bull: '3.0.0' }, format: 'cjs' },
  {
    ...ofBull,
    why: 'the last Bull 3, with a sandbox, ES modules',
    workspace: 'bull-3',
    dependencies: { bull: '^3.29.3' },
    format: 'mjs',
    env: { WITH_SANDBOX: 'yes' },
  },
  {
    ...ofBull,
    why: 'Bull 4, with a sandbox, CommonJS',
    workspace: 'bull-4',
    dependencies: { bull: '^4.16.5' },
    format: 'cjs',
    env: { WITH_SANDBOX: 'yes' },
  },
  { ...ofBull, why: 'Bull 4, ES modules', workspace: 'bull-4', dependencies: { bull: '^4.16.5' }, format: 'mjs' },
  { ...ofBeeQueue, why: 'Bee-Queue 1.0, CommonJS', workspace: 'bee-queue-1', dependencies: { 'bee-queue': '1.0.0' }, format: 'cjs' },
  { ...ofBeeQueue, why: 'Bee-Queue 2, ES modules', workspace: 'bee-queue-2', dependencies: { 'bee-queue': '^2.0.0' }, format: 'mjs' },
  { ...ofPgBoss, why: 'pg-boss 9.0, CommonJS', workspace: 'pg-boss-9', dependencies: { 'pg-boss': '9.0.0' }, format: 'cjs' },
  { ...ofPgBoss, why: 'pg-boss 10.0, ES modules', workspace: 'pg-boss-10', dependencies: { 'pg-boss': '10.0.0' }, format: 'mjs' },
  { ...ofPgBoss, why: 'pg-boss 11, CommonJS', workspace: 'pg-boss-11', dependencies: { 'pg-boss': '^11.0.0' }, format: 'cjs' },
  {
    ...ofPgBoss,
    why: 'pg-boss 12, with a result for each job, ES modules',
    workspace: 'pg-boss-12',
    dependencies: { 'pg-boss': '^12.38.0' },
    format: 'mjs',
    env: { WITH_RESULTS: 'yes' },
  },
  {
    ...ofGraphile,
    why: 'Graphile Worker 0.13, CommonJS',
    workspace: 'graphile-0.13',
    dependencies: { 'graphile-worker': '0.13.0' },
    format: 'cjs',
  },
  {
    ...ofGraphile,
    why: 'Graphile Worker 0.16, CommonJS',
    workspace: 'graphile-0.16',
    dependencies: { 'graphile-worker': '^0.16.6' },
    format: 'cjs',
  },
  {
    ...ofGraphile,
    why: 'Graphile Worker 0.18, ES modules',
    workspace: 'graphile-0.18',
    dependencies: { 'graphile-worker': '^0.18.0' },
    format: 'mjs',
  },
  {
    ...ofNest,
    why: '@nestjs/bull and @nestjs/bullmq 10, CommonJS',
    workspace: 'nest-10',
    dependencies: { ...NEST_10, bull: '^3.29.3', bullmq: '^3.0.0', 'reflect-metadata': '^0.1.13', rxjs: '^7.8.0' },
    format: 'cjs',
  },
  {
    ...ofNest,
    why: '@nestjs/bull and @nestjs/bullmq 12, ES modules',
    workspace: 'nest-12',
    dependencies: { ...NEST_12, bull: '^4.16.5', bullmq: '^6.0.0', 'reflect-metadata': '^0.2.2', rxjs: '^7.8.0' },
    format: 'mjs',
  },
]
