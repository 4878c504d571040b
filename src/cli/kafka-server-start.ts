/** What bin/kafka-server-start.sh runs. */
import process from 'node:process'
import { runServer } from './run-server.ts'

void runServer(process.argv.slice(2))
