import { ValidatorObject, validatorJson, viewpoint } from '../chain/validator.ts'
import { defineMethod, required } from '../method.ts'
import { AddressParam, Nullable, readAddress } from '../schema.ts'

export const chain_getValidator = defineMethod({
  name: 'chain_getValidator',
  summary:
    "A validator by its owner's address, with power, weight, views and work of the current epoch; null when there is none.",
  params: [required('address', AddressParam)],
  result: Nullable(ValidatorObject),
  example: {
    params: ['cpc1sn7xan5uxsa0546xd4kxun9ef93w44h9qjl5pp'],
    result: {
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
  },
  handler: ({ node }, address) => validatorJson(viewpoint(node, node.latest().epoch), readAddress(address)) ?? null,
})
