import { EpochRef, readEpoch, unknownEpoch } from '../chain/epoch-ref.ts'
import { knownOwners, ValidatorObject, validatorJson, viewpoint } from '../chain/validator.ts'
import { defineMethod, optional, Type } from '../method.ts'

export const chain_getValidators = defineMethod({
  name: 'chain_getValidators',
  summary:
    'With an epoch: the members of its set, in the order that signer bitmaps count them. Without: everybody in the sets ' +
    'of the current and the next epoch or on the list that later sets are chosen from. Ascending addresses.',
  params: [optional('epoch', EpochRef)],
  result: Type.Array(ValidatorObject),
  example: {
    params: [],
    result: [
      {
        address: 'cpc1qe7zs4aneqmghrnasly7x8gnmfvn4vwmcrq9yr',
        bls_public_key:
          '0xa4b2c9521bc78c96f5e198c1206cbf3d57fb5223cc188c372fce665aaff0799a8d51911fbe3cdedbea622c2fad69c61b',
        name: '',
        website: '',
        description: '',
        status: 'active',
        tokens: '5000000000000000000000',
        shares: '5000000000000000000000',
        commission_bps: 0,
        open_to_workers: false,
        jailed_until_epoch: null,
        rewards_owed: '22500000000808160000',
        commission_owed: '0',
        epoch: 1,
        power: '5000000000000000000000',
        weight: '5000000000000000000000',
        proposed_views: 2,
        missed_views: 0,
        work_macs: '0',
      },
      {
        address: 'cpc1sn7xan5uxsa0546xd4kxun9ef93w44h9qjl5pp',
        bls_public_key:
          '0xacb4ebe7bb0a9eb0c2a242fcfa427353466113483585e10b8b875fb2e3e462a3b08b5f9378f371d6672d4e44558dd97f',
        name: '',
        website: '',
        description: '',
        status: 'active',
        tokens: '5010000000000000000000',
        shares: '5010000000000000000000',
        commission_bps: 0,
        open_to_workers: false,
        jailed_until_epoch: null,
        rewards_owed: '22500000000575000000',
        commission_owed: '0',
        epoch: 1,
        power: '5000000000000000000000',
        weight: '5000000000000000000000',
        proposed_views: 2,
        missed_views: 0,
        work_macs: '0',
      },
    ],
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
