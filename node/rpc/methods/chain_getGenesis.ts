import { toHex } from '../../../core/bytes.ts'
import { type Genesis, type GenesisJson, genesisJson } from '../../../vm/genesis.ts'
import { defineMethod, Type } from '../method.ts'
import { Bech32Address, Data, DecimalString, Hash32, Integer } from '../schema.ts'

const GenesisFile = Type.Object(
  {
    network: Type.String(),
    chain_id: Integer,
    timestamp_ms: Integer,
    params: Type.Record(Type.String(), Type.Union([Integer, Type.String(), Type.Array(Integer)])),
    activations: Type.Record(Type.String(), Integer),
    alloc: Type.Record(Type.String(), DecimalString),
    validators: Type.Array(
      Type.Object(
        {
          owner: Bech32Address,
          bls_public_key: Data,
          proof_of_possession: Data,
          stake: DecimalString,
          node_id: Type.String(),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
)

/** A large genesis takes a while to write out, and it never changes. */
const written = new WeakMap<Genesis, GenesisJson>()

function fileOf(genesis: Genesis): GenesisJson {
  const known = written.get(genesis) ?? genesisJson(genesis)
  written.set(genesis, known)
  return known
}

export const chain_getGenesis = defineMethod({
  name: 'chain_getGenesis',
  summary: 'The genesis file of this chain, and its hash: that of block 0.',
  params: [],
  result: Type.Object({ hash: Hash32, genesis: GenesisFile }, { additionalProperties: false }),
  example: {
    params: [],
    result: {
      hash: '0xd1f6de718278b7db1e3b469794d1b13585a56868cd3121da8fba411b1c5e66cc',
      genesis: {
        network: 'devnet',
        chain_id: 26180,
        timestamp_ms: 1700000000000,
        params: {
          block_interval_ms: 500,
          network_delay_ms: 400,
          max_clock_drift_ms: 500,
          epoch_blocks: 8,
          seed_window_blocks: 4,
          gas_limit: 240000000,
          gram_limit: 500000,
          lane_window_blocks: 600,
          max_lanes_per_block: 50,
          halving_blocks: 1000000,
          kappa_bps: 5000,
          max_validators: 100,
          unbonding_epochs: 3,
          missed_views_bps: 5000,
          missed_views_min: 8,
          jail_epochs: 1,
          commission_cap_bps: 2000,
          commission_max_step_bps: 500,
          target_results_per_block: 4,
          max_results_per_block: 64,
          slash_equivocation_bps: 500,
          slash_downtime_bps: 0,
          worker_share_bps: 6000,
          voter_share_bps: 3000,
          leader_share_bps: 1000,
          base_fee_floor_wei: '1000',
          emission_wei: '10000000000000000000',
          min_stake_wei: '1000000000000000000000',
          min_delegation_wei: '1000000000000000000',
          genesis_difficulty_macs: '4194304',
          matrix_sizes: [256, 512, 1024, 2048, 4096, 8192],
          dev_authority: 'cpc1hhfzkl76mrsdt0v2f9p4ruuhg8a4fgf97wyq09',
        },
        activations: { vprogs: 0 },
        alloc: {
          cpc183zvmhdk4yq0526cthffncpaztay9yauspjghz: '10000000000000000000000',
          cpc1wzvhjux9rqfdcwspp37srdgwp5tac7wgqpcuju: '10000000000000000000000',
          cpc1wmqyc6flfkv3zyl8c7un0zf253mm0eetu59v8t: '10000000000000000000000',
          cpc1hhfzkl76mrsdt0v2f9p4ruuhg8a4fgf97wyq09: '10000000000000000000000',
          cpc17w0adeg64ky0daxwd2ugyuneellmjgnxg2urx6: '10000000000000000000000',
        },
        validators: [
          {
            owner: 'cpc1qe7zs4aneqmghrnasly7x8gnmfvn4vwmcrq9yr',
            bls_public_key:
              '0xa4b2c9521bc78c96f5e198c1206cbf3d57fb5223cc188c372fce665aaff0799a8d51911fbe3cdedbea622c2fad69c61b',
            proof_of_possession:
              '0x828fcbde69445146d2669795a9ec20497e91f74b5b1b0ec1441f49d9d3c552d8299041b63849779949fed59e76e456b1175ced62377a8f2397d2bee176b275ffac6249ccbf28b398973fe4827faf13a7a0e34febf07e4d2d22ccaacfb231a032',
            stake: '5000000000000000000000',
            node_id: '',
          },
          {
            owner: 'cpc1sn7xan5uxsa0546xd4kxun9ef93w44h9qjl5pp',
            bls_public_key:
              '0xacb4ebe7bb0a9eb0c2a242fcfa427353466113483585e10b8b875fb2e3e462a3b08b5f9378f371d6672d4e44558dd97f',
            proof_of_possession:
              '0xa373585f48237db84f379021c69991dd3813741ab83dfe81fca6a66641517f5705d150f3c5c85cfddfdf1d919faf85c71864f492151d285f47e79f7c16e911a458e32893f94d29753c18b38232f2735083992d1604d67e84da0ce95d248b6cfd',
            stake: '5000000000000000000000',
            node_id: '',
          },
        ],
      },
    },
  },
  handler: ({ node }) => ({ hash: toHex(node.genesisHash), genesis: fileOf(node.genesis) }),
})
