import { fromHex, toHex } from '../../../core/bytes.ts'
import { transactionTraceJson } from '../../trace/json.ts'
import { TransactionTrace, traceOf } from '../chain/trace.ts'
import { defineMethod, required, Type } from '../method.ts'
import { Hash32, Integer, Nullable } from '../schema.ts'

export const chain_traceTransaction = defineMethod({
  name: 'chain_traceTransaction',
  summary:
    'Every state record that a transaction read and wrote, with old and new values, by step (check, charge, action); its ' +
    'gas by part; money moved; for a result the recomputed ticket and the checks. The block is executed again up to it. ' +
    'Null when no block of the chain has it.',
  params: [required('hash', Hash32)],
  result: Nullable(
    Type.Object(
      { height: Integer, block_hash: Hash32, transaction: TransactionTrace },
      { additionalProperties: false },
    ),
  ),
  example: {
    params: ['0x5e0991b787d00fb4efa184e31f50158675ef614d56d98c96170d36c4a0ecea47'],
    result: {
      height: 2,
      block_hash: '0xba61d48fd86da775ed0d33cd079bb7ad55514949c50b7e4727018c427feea3d7',
      transaction: {
        index: 0,
        hash: '0x5e0991b787d00fb4efa184e31f50158675ef614d56d98c96170d36c4a0ecea47',
        kind: 'TRANSFER',
        from: 'cpc17w0adeg64ky0daxwd2ugyuneellmjgnxg2urx6',
        status: 1,
        error: null,
        gas: {
          limit: 21000,
          used: 21000,
          gram: 0,
          steps: [{ step: 'kind', gas: 21000 }],
          gram_steps: [],
          price: '3000',
          fee: '63000000',
        },
        check: {
          minted: '0',
          burned: '0',
          effects: [],
          accesses: [
            {
              table: 'account',
              key: 'cpc17w0adeg64ky0daxwd2ugyuneellmjgnxg2urx6',
              tree_key: '0xd302414c8d3aa295266f3a2633c9cf5987d4a6e6529ad6f62785ebe3bf53a6b5',
              written: false,
              before: { nonce: 0, balance: '10000000000000000000000' },
              before_raw: '0xcc808a021e19e0c9bab2400000',
            },
          ],
        },
        charge: {
          minted: '0',
          burned: '21000000',
          effects: [
            {
              table: 'account',
              key: 'cpc17w0adeg64ky0daxwd2ugyuneellmjgnxg2urx6',
              category: 'balances',
              change: '-63000000',
            },
          ],
          accesses: [
            {
              table: 'account',
              key: 'cpc17w0adeg64ky0daxwd2ugyuneellmjgnxg2urx6',
              tree_key: '0xd302414c8d3aa295266f3a2633c9cf5987d4a6e6529ad6f62785ebe3bf53a6b5',
              written: true,
              before: { nonce: 0, balance: '10000000000000000000000' },
              before_raw: '0xcc808a021e19e0c9bab2400000',
              after: { nonce: 1, balance: '9999999999999937000000' },
              after_raw: '0xcc018a021e19e0c9baae7eb240',
            },
          ],
        },
        action: {
          minted: '0',
          burned: '0',
          effects: [
            {
              table: 'account',
              key: 'cpc17w0adeg64ky0daxwd2ugyuneellmjgnxg2urx6',
              category: 'balances',
              change: '-1000000000000000000',
            },
            {
              table: 'account',
              key: 'cpc1wzvhjux9rqfdcwspp37srdgwp5tac7wgqpcuju',
              category: 'balances',
              change: '1000000000000000000',
            },
          ],
          accesses: [
            {
              table: 'account',
              key: 'cpc17w0adeg64ky0daxwd2ugyuneellmjgnxg2urx6',
              tree_key: '0xd302414c8d3aa295266f3a2633c9cf5987d4a6e6529ad6f62785ebe3bf53a6b5',
              written: true,
              before: { nonce: 1, balance: '9999999999999937000000' },
              before_raw: '0xcc018a021e19e0c9baae7eb240',
              after: { nonce: 1, balance: '9998999999999937000000' },
              after_raw: '0xcc018a021e0c001307071ab240',
            },
            {
              table: 'account',
              key: 'cpc1wzvhjux9rqfdcwspp37srdgwp5tac7wgqpcuju',
              tree_key: '0x615b61ba2f443117c856abe2c19027f260a4289b53f4c40dadf17a5c5cc3823e',
              written: true,
              before: { nonce: 0, balance: '10000000000000000000000' },
              before_raw: '0xcc808a021e19e0c9bab2400000',
              after: { nonce: 0, balance: '10001000000000000000000' },
              after_raw: '0xcc808a021e27c1806e59a40000',
            },
          ],
        },
        compute: null,
      },
    },
  },
  handler: async ({ node }, hash) => {
    const found = node.transactionByHash(fromHex(hash))
    if (found === undefined) return null
    const traced = await traceOf(node, found.executed, { from: found.index, count: 1 })
    const transaction = traced?.transactions[0]
    if (traced === undefined || transaction === undefined) return null
    const { header, hash: blockHash } = traced.block
    return { height: header.height, block_hash: toHex(blockHash), transaction: transactionTraceJson(transaction) }
  },
})
