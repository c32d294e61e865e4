import { EpochRef, readEpoch, unknownEpoch } from '../chain/epoch-ref.ts'
import { EXAMPLE_VALIDATOR, knownOwners, ValidatorObject, validatorJson, viewpoint } from '../chain/validator.ts'
import { defineMethod, optional, Type } from '../method.ts'

const OTHER_VALIDATOR = {
  ...EXAMPLE_VALIDATOR,
  address: 'cpc1qe7zs4aneqmghrnasly7x8gnmfvn4vwmcrq9yr',
  bls_public_key: '0xa4b2c9521bc78c96f5e198c1206cbf3d57fb5223cc188c372fce665aaff0799a8d51911fbe3cdedbea622c2fad69c61b',
  tokens: '5000000000000000000000',
  shares: '5000000000000000000000',
  rewards_owed: '22500000000808160000',
}

export const chain_getValidators = defineMethod({
  name: 'chain_getValidators',
  summary:
    'With an epoch: the members of its set, in the order that signer bitmaps count them. Without: everybody in the sets ' +
    'of the current and the next epoch or on the list that later sets are chosen from. Ascending addresses.',
  params: [optional('epoch', EpochRef)],
  result: Type.Array(ValidatorObject),
  example: {
    params: [],
    result: [OTHER_VALIDATOR, EXAMPLE_VALIDATOR],
  },
  handler: ({ node }, ref) => {
    const current = node.latest().epoch
    const epoch = ref === undefined ? current : readEpoch(node, ref)
    const view = viewpoint(node, epoch)
    if (view.set === undefined) throw unknownEpoch(node, epoch)
    const owners =
      ref === undefined
        ? knownOwners(view.state, [view.set, node.validatorSet(current + 1)])
        : view.set.members.map(({ address }) => address)
    return owners.flatMap((owner) => validatorJson(view, owner) ?? [])
  },
})
