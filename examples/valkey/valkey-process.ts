/** The child that holds the embedded Valkey: says over IPC that it is ready, or why it is not, and ends with its parent. */
import { startServer } from './valkey-server.ts'

process.on('disconnect', () => process.exit(0))
try {
  await startServer(Number(process.argv[2]))
  process.send?.({ ready: true })
} catch (error) {
  process.send?.({ ready: false, error: error instanceof Error ? error.message : String(error) }, () => process.exit(1))
}
