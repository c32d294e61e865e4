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
      '0x25c2cd801ccda40cecbae0057049c8eda88cd8f622a5a1531a8b0a1eb6d0bbc92566c1b0c3c1b5596ffeed1f9c607ee4fe6b2fc72e864e8e6450e99109a998b31c',
  },
  handler: (context, address, typedData) => {
    const privateKey = devKey(devControls(context), address)
    return data(signatureBytes(typedDataHash(readTypedData(typedData)), privateKey))
  },
})
