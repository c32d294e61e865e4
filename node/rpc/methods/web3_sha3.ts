import { keccak256 } from '../../../core/hash.ts'
import { defineMethod, required } from '../method.ts'
import { DataParam, data, Hash32, readData } from '../schema.ts'

export const web3_sha3 = defineMethod({
  name: 'web3_sha3',
  summary: 'keccak256 of the bytes.',
  params: [required('data', DataParam)],
  result: Hash32,
  example: { params: ['0x'], result: '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470' },
  handler: (_context, bytes) => data(keccak256(readData(bytes, 'data'))),
})
