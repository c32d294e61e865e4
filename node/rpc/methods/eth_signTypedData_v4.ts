import { TypeCompiler } from '@sinclair/typebox/compiler'
import { invalidParams } from '../errors.ts'
import { devKey, signatureBytes } from '../ethereum/sign.ts'
import { type TypedData, typedDataHash } from '../ethereum/typed-data.ts'
import { defineMethod, devControls, required, Type } from '../method.ts'
import { AddressParam, Data, data } from '../schema.ts'

const Field = Type.Object({ name: Type.String({ maxLength: 256 }), type: Type.String({ maxLength: 256 }) })
/** More types and fields than any contract has, few enough to sort and hash at once. */
const TypedDataObject = Type.Object(
  {
    types: Type.Record(Type.String(), Type.Array(Field, { maxItems: 256 }), { maxProperties: 256 }),
    primaryType: Type.String(),
    domain: Type.Record(Type.String(), Type.Unknown()),
    message: Type.Record(Type.String(), Type.Unknown()),
  },
  { description: 'typed data (EIP-712): {types, primaryType, domain, message}' },
)
const check = TypeCompiler.Compile(TypedDataObject)
/** viem and ethers send JSON text, others the object itself. */
const TypedDataParam = Type.Union([Type.String(), TypedDataObject], {
  description: `${TypedDataObject.description}, or that as JSON text`,
})

function readTypedData(given: unknown): TypedData {
  let value: unknown = given
  try {
    if (typeof given === 'string') value = JSON.parse(given)
  } catch {
    throw invalidParams('parameter "typedData": not valid JSON')
  }
  if (!check.Check(value)) throw invalidParams(`parameter "typedData": expected ${TypedDataObject.description}`)
  return value
}

export const eth_signTypedData_v4 = defineMethod({
  name: 'eth_signTypedData_v4',
  summary: 'Signs typed data (EIP-712) for a printed account; 65 bytes r || s || v. Devnets only.',
  params: [required('address', AddressParam), required('typedData', TypedDataParam)],
  result: Data,
  devOnly: true,
  example: {
    params: [
      '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
      {
        types: { Vote: [{ name: 'proposal', type: 'uint256' }] },
        primaryType: 'Vote',
        domain: { name: 'Quern', chainId: 26_180 },
        message: { proposal: 7 },
      },
    ],
    result:
      '0x68c0f0b1f8a3a9d5e44e8f3a6d1c0e5ec0d7b36d3f7cf9a4b1f5e0f54a2f67f01fcb1d6a1d1d0e0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122231b',
  },
  handler: (context, address, typedData) => {
    const privateKey = devKey(devControls(context), address)
    return data(signatureBytes(typedDataHash(readTypedData(typedData)), privateKey))
  },
})
