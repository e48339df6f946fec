/**
 * Runs a service in a cluster: `node in-cluster.js <script>`, one worker for each of REDIS_URLS. Once a worker has done its work
 * it is disconnected, for the channel to its primary keeps it alive. What the workers printed is printed when all have ended,
 * one after the other, but for their ledgers, which are printed at once.
 */
import cluster from 'node:cluster'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'

cluster.setupPrimary({ exec: resolve(process.argv[2]), args: [], silent: true })
const workers = process.env.REDIS_URLS.split(',').map((url) => cluster.fork({ REDIS_URL: url }))
process.once('SIGTERM', () => {
  for (const worker of workers) worker.process.kill('SIGTERM')
})

const ended = workers.map(async (worker) => {
  const { stdout, stderr } = worker.process
  const lines = []
  createInterface({ input: stdout }).on('line', (line) => {
    if (line.startsWith('{')) {
      console.log(line)
      worker.disconnect()
    } else lines.push(line)
  })
  const [said, [code, signal]] = await Promise.all([text(stderr), once(worker.process, 'close')])
  return { lines, said, end: signal ?? code }
})
for (const [index, { lines, said, end }] of (await Promise.all(ended)).entries()) {
  for (const line of lines) console.log(line)
  process.stderr.write(said)
  console.log(`worker ${index + 1} ended with ${end}`)
}
