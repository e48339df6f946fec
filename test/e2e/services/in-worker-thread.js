/** Runs a service as a worker thread: `node in-worker-thread.js <script>`. */
import { resolve } from 'node:path'
import { Worker } from 'node:worker_threads'

const worker = new Worker(resolve(process.argv[2]))
worker.on('error', (error) => console.error(error.stack))
worker.on('exit', (code) => {
  console.log(`the worker ended with ${code}`)
  process.exitCode = code
})
