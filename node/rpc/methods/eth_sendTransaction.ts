import { hexKey } from '../../../core/bytes.ts'
import { signHash } from '../../../core/secp256k1.ts'
import { intrinsicGas } from '../../../vm/gas.ts'
import { type EnvelopeFields, encodeEnvelope, signingHash } from '../../../vm/transaction/envelope.ts'
import type { EnvelopeType } from '../../../vm/transaction/types.ts'
import type { NodeApi } from '../../api.ts'
import { invalidParams, transactionRejected } from '../errors.ts'
import { suggestedMaxFee, suggestedPriorityFee } from '../ethereum/fees.ts'
import { actionOf, TransactionRequest, type TransactionRequestValue } from '../ethereum/request.ts'
import { devKey } from '../ethereum/sign.ts'
import { defineMethod, devControls, required } from '../method.ts'
import { data, Hash32, readAddress, readNumber, readQuantity } from '../schema.ts'

const TYPES: Readonly<Record<number, EnvelopeType>> = { 0: 'legacy', 1: 'eip2930', 2: 'eip1559', 113: 'native' }

function envelopeType({ type, gasPrice }: TransactionRequestValue): EnvelopeType {
  if (type == null) return gasPrice == null ? 'eip1559' : 'legacy'
  const known = TYPES[readNumber(type, 'type')]
  if (known === undefined) throw invalidParams('type must be 0x0, 0x1, 0x2 or 0x71')
  return known
}

type Fees = Pick<EnvelopeFields, 'maxFeePerGas' | 'maxPriorityFeePerGas'>

function feesOf(node: NodeApi, type: EnvelopeType, request: TransactionRequestValue): Fees {
  const { gasPrice, maxFeePerGas, maxPriorityFeePerGas } = request
  const hasCaps = maxFeePerGas != null || maxPriorityFeePerGas != null
  if (gasPrice != null && hasCaps) throw invalidParams('give gasPrice or the two fee caps, not both')
  if (type === 'legacy' || type === 'eip2930') {
    if (hasCaps) throw invalidParams(`a ${type} transaction has a gasPrice, no fee caps`)
    const price = gasPrice == null ? suggestedMaxFee(node, suggestedPriorityFee(node)) : readQuantity(gasPrice)
    return { maxFeePerGas: price, maxPriorityFeePerGas: price }
  }
  // With a gasPrice it pays exactly that, as wallets expect.
  const priority = maxPriorityFeePerGas ?? gasPrice
  const maxPriority = priority == null ? suggestedPriorityFee(node) : readQuantity(priority)
  const max = maxFeePerGas ?? gasPrice
  const maxFee = max == null ? suggestedMaxFee(node, maxPriority) : readQuantity(max)
  const isPriorityOwn = priority != null
  return { maxFeePerGas: maxFee, maxPriorityFeePerGas: isPriorityOwn || maxPriority < maxFee ? maxPriority : maxFee }
}

function checkChain(node: NodeApi, { chainId }: TransactionRequestValue): void {
  const own = node.genesis.params.chainId
  if (chainId == null || readNumber(chainId, 'chainId') === own) return
  throw transactionRejected({
    code: 'TX_CHAIN_ID',
    message: `transaction is for chain ${Number(chainId)}, this is ${own}`,
  })
}

/** Per node and sender, so that transactions sent at once get nonces one after the other. */
const turns = new WeakMap<NodeApi, Map<string, Promise<unknown>>>()

async function inTurn<T>(node: NodeApi, sender: string, task: () => Promise<T>): Promise<T> {
  const ofNode = turns.get(node) ?? new Map<string, Promise<unknown>>()
  turns.set(node, ofNode)
  const before = ofNode.get(sender) ?? Promise.resolve()
  const mine = before.then(task, task)
  ofNode.set(sender, mine)
  try {
    return await mine
  } finally {
    if (ofNode.get(sender) === mine) ofNode.delete(sender)
  }
}

export const eth_sendTransaction = defineMethod({
  name: 'eth_sendTransaction',
  summary: 'Signs for a printed account and sends; fills in nonce, gas and fees where they are missing. Devnets only.',
  params: [required('transaction', TransactionRequest)],
  result: Hash32,
  devOnly: true,
  example: {
    params: [
      {
        from: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
        to: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
        value: '0xde0b6b3a7640000',
      },
    ],
    result: '0x5e0991b787d00fb4efa184e31f50158675ef614d56d98c96170d36c4a0ecea47',
  },
  handler: async (context, request) => {
    const { node } = context
    if (request.from == null) throw invalidParams('transaction must have a "from"')
    const privateKey = devKey(devControls(context), request.from)
    const sender = readAddress(request.from)
    checkChain(node, request)
    const action = actionOf(request)
    const type = envelopeType(request)
    const sent = await inTurn(node, hexKey(sender), () => {
      const fields: EnvelopeFields = {
        type,
        chainId: node.genesis.params.chainId,
        nonce: request.nonce == null ? node.pool().pendingNonce(sender) : readNumber(request.nonce, 'nonce'),
        ...feesOf(node, type, request),
        gasLimit: request.gas == null ? intrinsicGas(action) : readNumber(request.gas, 'gas'),
        action,
      }
      return node.submit(encodeEnvelope(fields, signHash(signingHash(fields), privateKey)))
    })
    if (!sent.ok) throw transactionRejected(sent.error)
    return data(sent.value)
  },
})
