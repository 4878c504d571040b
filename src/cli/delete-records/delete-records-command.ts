/** kafka-delete-records.sh: partitions begin at another offset; what was before is gone. */
import type { RecordsToDelete } from '../../client/admin/records.ts'
import { nameOf } from '../../client/consumer/topic-partition.ts'
import { type KafkaCommand, UsageError } from '../command/command.ts'
import { type BootstrapOptions, bootstrapOptions, required, withAdmin } from '../command/connection.ts'
import { javaError } from '../command/java-error.ts'
import {
  checkVersion,
  duplicates,
  objectsIn,
  partitionIn,
  readJsonFile,
  wholeIn,
} from '../command/json-file.ts'
import { partially } from '../command/outcomes.ts'

interface DeleteRecordsOptions extends BootstrapOptions {
  readonly offsetJsonFile?: string
}

export const deleteRecordsCommand: KafkaCommand<DeleteRecordsOptions> = {
  name: 'kafka-delete-records',
  description: 'Delete the records of partitions that are before an offset.',
  configure: (command) =>
    void bootstrapOptions(command).option(
      '--offset-json-file <file>',
      'what to delete: {"partitions":[{"topic":"orders","partition":0,"offset":100}],"version":1}; offset -1 is the end',
    ),
  run: async (options, context) => {
    const wanted = readOffsets(required(options.offsetJsonFile, 'offset-json-file'))
    const names = wanted.map(nameOf)
    return withAdmin(options, context, async (admin) => {
      await context.out('Executing records delete operation\n')
      const { done, failed } = await partially(names, admin.deleteRecords(wanted))
      await context.out('Records delete operation completed:\n')
      for (const name of names) {
        const error = failed.get(name)
        const told = error ? `error: ${javaError(error)}` : `low_watermark: ${done.get(name)!.lowWatermark}`
        await context.out(`partition: ${name}\t${told}\n`)
      }
      if (failed.size > 0)
        throw new UsageError(`The records of ${failed.size} of ${names.length} partition(s) were not deleted`)
      return 0
    })
  },
}

function readOffsets(path: string): RecordsToDelete[] {
  const file = readJsonFile(path, 'The input string is not a valid JSON')
  checkVersion(file)
  const wanted = objectsIn(file, 'partitions').map((each) => ({
    ...partitionIn(each),
    offset: wholeIn(each, 'offset'),
  }))
  const repeated = duplicates(wanted.map(nameOf))
  if (repeated.length > 0)
    throw new UsageError(`Offset json file contains duplicate topic partitions: ${repeated.join(',')}`)
  return wanted
}
