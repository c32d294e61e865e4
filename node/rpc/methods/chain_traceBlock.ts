import { blockTraceJson } from '../../trace/json.ts'
import { blockOf, HeaderRef } from '../chain/header.ts'
import { TraceStep, TransactionTrace, traceOf } from '../chain/trace.ts'
import { defineMethod, optional, Type } from '../method.ts'
import { Hash32, Integer, Nullable } from '../schema.ts'

/** A transaction's trace takes some 2 to 40 KB. */
const DEFAULT_COUNT = 32
const MAX_COUNT = 256

export const chain_traceBlock = defineMethod({
  name: 'chain_traceBlock',
  summary:
    `A block (height, tag or hash; default: latest) executed again: every record read and written, by step: its begin, ` +
    `\`count\` transactions from \`from\` on (default ${DEFAULT_COUNT}, at most ${MAX_COUNT}), its end. next_transaction is where to go ` +
    'on. Null for genesis, and where there is no such block.',
  params: [
    optional('height', HeaderRef),
    optional('from', Integer),
    optional('count', Type.Integer({ minimum: 0, maximum: MAX_COUNT, description: `at most ${MAX_COUNT}` })),
  ],
  result: Nullable(
    Type.Object(
      {
        height: Integer,
        hash: Hash32,
        epoch: Integer,
        state_root: Hash32,
        begin: TraceStep,
        transactions: Type.Array(TransactionTrace),
        transaction_count: Integer,
        next_transaction: Nullable(Integer),
        end: TraceStep,
      },
      { additionalProperties: false },
    ),
  ),
  // Without most of the 13 accesses.
  example: {
    params: [2, 0, 0],
    result: {
      height: 2,
      hash: '0xba61d48fd86da775ed0d33cd079bb7ad55514949c50b7e4727018c427feea3d7',
      epoch: 0,
      state_root: '0x69f18d98963a8858cc7f950703545e48d5c0979cc57e4cf783cd297832f747de',
      begin: {
        minted: '0',
        burned: '0',
        effects: [],
        accesses: [
          {
            table: 'recentBlock',
            key: 1,
            tree_key: '0x77c8031019749a3c320a5e4fe458b3b3d6dd0fc0416154a35525ba1f9585eef0',
            written: true,
            before: null,
            before_raw: null,
            after: {
              hash: '0x7bfd86e3b8a613088de7cb9f2ad5d5288fa52668b989b71b6b486bb24ed10306',
              seq_commit: '0x0000000000000000000000000000000000000000000000000000000000000000',
              timestamp_ms: 1700000000500,
            },
            after_raw:
              '0xf849a07bfd86e3b8a613088de7cb9f2ad5d5288fa52668b989b71b6b486bb24ed10306a0000000000000000000000000000000000000000000000000000000000000000086018bcfe569f4',
          },
        ],
      },
      transactions: [],
      transaction_count: 2,
      next_transaction: null,
      end: {
        minted: '10000000000000000000',
        burned: '0',
        effects: [{ table: 'epoch', key: 0, category: 'workerPool', change: '6000000000000000000' }],
        accesses: [
          {
            table: 'epoch',
            key: 0,
            tree_key: '0x2ca1f41bb9c2630920e15c27472700239ef11736b099d2350434ebd38f937800',
            written: true,
            before: {
              difficulty_macs: '4194304',
              work_macs: '0',
              results: 0,
              workers: 0,
              pool_wei: '6000000000000000000',
              randomness: '0xbbfd1e89b07d10a3648a0c0d132d8924f0e41a69bbc73576da9511ec3f59fc97',
            },
            before_raw:
              '0xf1834000008080808853444835ec580000a0bbfd1e89b07d10a3648a0c0d132d8924f0e41a69bbc73576da9511ec3f59fc97',
            after: {
              difficulty_macs: '4194304',
              work_macs: '0',
              results: 0,
              workers: 0,
              pool_wei: '12000000000000000000',
              randomness: '0xbbfd1e89b07d10a3648a0c0d132d8924f0e41a69bbc73576da9511ec3f59fc97',
            },
            after_raw:
              '0xf18340000080808088a688906bd8b00000a0bbfd1e89b07d10a3648a0c0d132d8924f0e41a69bbc73576da9511ec3f59fc97',
          },
        ],
      },
    },
  },
  handler: async ({ node }, ref = 'latest', from = 0, count = DEFAULT_COUNT) => {
    const executed = blockOf(node, ref)
    const traced = executed && (await traceOf(node, executed, { from, count }))
    return traced === undefined ? null : blockTraceJson(traced)
  },
})
