import { expect, test } from 'vitest'

import { entryOf, withRegister } from '../../src/init/start-command.ts'

const IMPORT = '--import otel-health/register'

test.for([
  { why: 'node', command: 'node server.js', is: `node ${IMPORT} server.js`, entry: 'server.js' },
  {
    why: 'options of node',
    command: 'node --enable-source-maps ./dist/main.js',
    is: `node ${IMPORT} --enable-source-maps ./dist/main.js`,
    entry: 'dist/main.js',
  },
  { why: 'an option with a value', command: 'node --env-file .env app.js', is: `node ${IMPORT} --env-file .env app.js`, entry: 'app.js' },
  { why: 'variables before it', command: 'NODE_ENV=production node .', is: `NODE_ENV=production node ${IMPORT} .`, entry: '.' },
  {
    why: 'cross-env',
    command: 'cross-env A=1 B="x y" node dist/main',
    is: `cross-env A=1 B="x y" node ${IMPORT} dist/main`,
    entry: 'dist/main',
  },
  {
    why: 'what comes before it',
    command: 'npm run build && node dist/a.js',
    is: `npm run build && node ${IMPORT} dist/a.js`,
    entry: 'dist/a.js',
  },
  { why: 'TypeScript', command: 'node src/main.ts --port 80', is: `node ${IMPORT} src/main.ts --port 80`, entry: 'src/main.ts' },
  { why: 'tsx', command: 'tsx src/index.ts', is: `tsx ${IMPORT} src/index.ts`, entry: 'src/index.ts' },
  { why: 'nest', command: 'nest start', is: `nest start --exec "node ${IMPORT}"`, entry: undefined },
])('$command is changed: $why', ({ command, is, entry }) => {
  expect(withRegister(command)).toEqual({ is: 'changed', command: is, entry })
})

test.for([
  `node ${IMPORT} server.js`,
  'node --import ./node_modules/otel-health/dist/register.js server.js',
  'node --require otel-health/register server.js',
])('%s stays as it is', (command) => {
  expect(withRegister(command)).toEqual({ is: 'already there', entry: 'server.js' })
})

test.for([
  { command: 'pm2 start ecosystem.config.js', launcher: 'PM2', advice: `give the app node_args: '${IMPORT}' in ecosystem.config.js` },
  { command: 'pm2-runtime server.js', launcher: 'PM2', advice: `give the app node_args: '${IMPORT}'` },
  {
    command: 'next start',
    launcher: 'next',
    advice: /^start it with NODE_OPTIONS="--import otel-health\/register" .*: NODE_OPTIONS="\S+ \S+" next start$/,
  },
  { command: 'npx nodemon server.js', launcher: 'nodemon', advice: /nodemon server\.js$/ },
  { command: 'tsx watch src/a.ts', launcher: 'tsx', advice: /tsx watch src\/a\.ts$/ },
  { command: 'docker compose up', launcher: 'docker', advice: /./ },
])('$command is left to the person, who is told what to do', ({ command, launcher, advice }) => {
  expect(withRegister(command)).toMatchObject({ is: 'left', launcher, advice: expect.stringMatching(advice) as string })
})

test.for([
  { command: 'nodemon --watch src src/index.js', is: 'src/index.js' },
  { command: 'ts-node -P tsconfig.json src/main.ts', is: 'src/main.ts' },
  { command: 'pm2 start server.js', is: 'server.js' },
  { command: 'node --test', is: undefined },
  { command: 'next start', is: undefined },
])('the file of $command is $is', ({ command, is }) => {
  expect(entryOf(command)).toBe(is)
})
