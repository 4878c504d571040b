/** What bin/kafka-server-start.sh runs. */
import process from 'node:process'
import { runServer } from './run-server.ts'

await runServer(process.argv.slice(2))
