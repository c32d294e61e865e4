import { listWorkers, MAX_LISTED_WORKERS, WorkerObject } from '../chain/worker.ts'
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
    result: [
      {
        address: 'cpc1wmqyc6flfkv3zyl8c7un0zf253mm0eetu59v8t',
        validator: null,
        next_validator: null,
        next_validator_epoch: null,
        profile: 'one CPU',
        results: 5,
        work_macs: '20971520',
        paid: '48000000000000000000',
        epoch_work_macs: '4194304',
      },
    ],
  },
  handler: ({ node }) => listWorkers(node),
})
