import { EXAMPLE_VALIDATOR, ValidatorObject, validatorJson, viewpoint } from '../chain/validator.ts'
import { defineMethod, required } from '../method.ts'
import { AddressParam, Nullable, readAddress } from '../schema.ts'

export const chain_getValidator = defineMethod({
  name: 'chain_getValidator',
  summary:
    "A validator by its owner's address, with power, weight, views and work of the current epoch; null when there is none.",
  params: [required('address', AddressParam)],
  result: Nullable(ValidatorObject),
  example: {
    params: [EXAMPLE_VALIDATOR.address],
    result: EXAMPLE_VALIDATOR,
  },
  handler: ({ node }, address) => validatorJson(viewpoint(node, node.latest().epoch), readAddress(address)) ?? null,
})
