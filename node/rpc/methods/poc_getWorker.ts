import { EXAMPLE_WORKER, findWorker, WorkerObject } from '../chain/worker.ts'
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
    params: [EXAMPLE_WORKER.address],
    result: EXAMPLE_WORKER,
  },
  handler: ({ node }, address) => findWorker(node, readAddress(address)) ?? null,
})
