import { devKey, messageHash, signatureBytes } from '../ethereum/sign.ts'
import { defineMethod, devControls, optional, required, Type } from '../method.ts'
import { AddressParam, Data, DataParam, data, readData } from '../schema.ts'

export const personal_sign = defineMethod({
  name: 'personal_sign',
  summary: 'Signs a message (EIP-191) for a printed account; 65 bytes r || s || v. Devnets only.',
  params: [
    required('message', DataParam),
    required('address', AddressParam),
    optional('password', Type.String({ description: 'a string, which is ignored' })),
  ],
  result: Data,
  devOnly: true,
  example: {
    params: ['0x68656c6c6f', '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'],
    result:
      '0xf16ea9a3478698f695fd1401bfe27e9e4a7e8e3da94aa72b021125e31fa899cc573c48ea3fe1d4ab61a9db10c19032026e3ed2dbccba5a178235ac27f94504311c',
  },
  handler: (context, message, address) => {
    const privateKey = devKey(devControls(context), address)
    return data(signatureBytes(messageHash(readData(message, 'message')), privateKey))
  },
})
