import { findWorker, WorkerObject } from '../chain/worker.ts'
import { defineMethod, required } from '../method.ts'
import { AddressParam, Nullable, readAddress } from '../schema.ts'

export const poc_getWorker = defineMethod({
  name: 'poc_getWorker',
  summary:
    'A worker: the validator its work counts for, verified work in multiply-accumulates, and wei paid to it; null when ' +
    'the address neither registered nor had a result accepted.',
  params: [required('address', AddressParam)],
  result: Nullable(WorkerObject),
  example: {
    params: ['cpc1wmqyc6flfkv3zyl8c7un0zf253mm0eetu59v8t'],
    result: {
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
  },
  handler: ({ node }, address) => findWorker(node, readAddress(address)) ?? null,
})
