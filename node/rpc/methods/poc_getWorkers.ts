import { EXAMPLE_WORKER, listWorkers, MAX_LISTED_WORKERS, WorkerObject } from '../chain/worker.ts'
import { defineMethod, Type } from '../method.ts'

export const poc_getWorkers = defineMethod({
  name: 'poc_getWorkers',
  summary:
    'Workers with an accepted result in the current epoch or with a pay-out for the one before it, most verified work ' +
    `ever first; at most ${MAX_LISTED_WORKERS}. Others are found by address.`,
  params: [],
  result: Type.Array(WorkerObject, { maxItems: MAX_LISTED_WORKERS }),
  example: {
    params: [],
    result: [EXAMPLE_WORKER],
  },
  handler: ({ node }) => listWorkers(node),
})
