import { blockOf, HeaderObject, HeaderRef, headerJson } from '../chain/header.ts'
import { defineMethod, optional } from '../method.ts'
import { Nullable } from '../schema.ts'

export const chain_getHeader = defineMethod({
  name: 'chain_getHeader',
  summary: 'A header by height, tag or block hash (default: latest); null when there is no such block.',
  params: [optional('height', HeaderRef)],
  result: Nullable(HeaderObject),
  example: {
    params: [4],
    result: {
      version: 1,
      chain_id: 26180,
      height: 4,
      epoch: 0,
      view: 3,
      parent_hash: '0xa86c37838a8bcb57fc35ba9918969b456f31759bebcbddcd8b10c58948d36e9e',
      timestamp_ms: 1700000002000,
      proposer: 'cpc1qe7zs4aneqmghrnasly7x8gnmfvn4vwmcrq9yr',
      tx_root: '0xb45ecb66b09a97531d249482547e99cdea59f3663b9cb344299ef47cf7b7f715',
      receipt_root: '0xb46c5cb3a4fccf7d5e18bf32453055bd63142c119f14c93c039a644946192c3d',
      state_root: '0x1653d0a66d53fd1d16362a910826a28b2b3a59ce499973004d15e1d5cfb35cdf',
      compute_root: 'ffbb21ef21ceb8d52193189b554142a40fea32defcb99e550a68f3c3f6865f82',
      seq_commit: '0x0000000000000000000000000000000000000000000000000000000000000000',
      validators_hash: '0xf7f9413939e8d46304e3d786c9f1b7ffe29d50c26c5df28c17de245b29a9368f',
      parent_certificate_hash: '0x63676e79f1569c0129c9af3a38addf6914e7eb9fdbfd23d3903a85288460cb1f',
      gas_limit: 240000000,
      gas_used: 282080,
      gram_used: 0,
      base_fee_per_gas: '1000',
      randomness_reveal:
        '0xa91ed16cafbf5675407bf2c15cdf2d7b7448348bfb83bb5c5614fae24e221775a98a558119b0f1386c95f3b9062f6338117584baa3f43dcbd1ca09b0da71c4aa4e1a5a7324134c05306a7f6fee578d5b051e18919bac1551f43438d3ae2dedd5',
      result_count: 3,
      difficulty: '4194304',
      zk_state_proof: '0x',
      zk_compute_proof: '0x',
      extra_data: '0x',
      hash: '0x2f2e0bcceef45e9dbda1ef6c4fc38213c4f2f1c2ad322d402757259225740e98',
    },
  },
  handler: ({ node }, ref = 'latest') => {
    const block = blockOf(node, ref)?.block
    return block === undefined ? null : headerJson(block.header, block.hash)
  },
})
