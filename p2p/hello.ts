/**
 * What two nodes tell each other first, and again to learn how far the other is.
 *
 *     hello = rlp([version, genesisHash, agent, height, hash, blocksFrom, statesFrom,
 *                  [address, BLS public key, signature] | []])
 *
 * The signature is the validator's over domain || genesisHash || peer id (its multihash): nobody can show another's claim
 * from a peer id of his own. PROTOCOL 9.
 */
import { type Address, concatBytes, type Hash, utf8 } from '../core/bytes.ts'
import { DOMAIN_BYTES } from '../core/domains.ts'
import { QuernError } from '../core/errors.ts'
import { decodeRlp, encodeRlp, encodeUint, rlpBytes, rlpList, rlpNumber } from '../core/rlp.ts'
import { PROTOCOL_VERSION } from './protocols.ts'

/** Two hashes, a claim of 164 bytes, an agent and some integers. */
export const MAX_HELLO_BYTES = 512
/** Shown in logs and lists. */
const MAX_AGENT_BYTES = 64

const HELLO_FIELDS = 8

const LIMITS = { maxBytes: MAX_HELLO_BYTES, maxDepth: 2, maxItems: 14 }

export interface SignedClaim {
  readonly address: Address
  readonly blsPublicKey: Uint8Array
  readonly signature: Uint8Array
}

export interface Hello {
  readonly version: number
  readonly genesisHash: Hash
  readonly agent: string
  /** Newest final block. */
  readonly height: number
  readonly hash: Hash
  /** Lowest height of a block that the node can send, and of a state that it can prove. */
  readonly blocksFrom: number
  readonly statesFrom: number
  readonly claim: SignedClaim | undefined
}

/** What a claim signs. `peerIdBytes`: the multihash of the peer that makes it. */
export const claimBytes = (genesisHash: Hash, peerIdBytes: Uint8Array): Uint8Array =>
  concatBytes(DOMAIN_BYTES.peer, genesisHash, peerIdBytes)

export const encodeHello = (hello: Hello): Uint8Array => {
  const { version, genesisHash, agent, height, hash, blocksFrom, statesFrom, claim } = hello
  return encodeRlp([
    encodeUint(version),
    genesisHash,
    utf8(printable(agent)),
    encodeUint(height),
    hash,
    encodeUint(blocksFrom),
    encodeUint(statesFrom),
    claim === undefined ? [] : [claim.address, claim.blsPublicKey, claim.signature],
  ])
}

/** @throws QuernError `OTHER_VERSION`, `HANDSHAKE_INVALID`, or from the RLP reader */
export function decodeHello(bytes: Uint8Array): Hello {
  const fields = rlpList(decodeRlp(bytes, LIMITS))
  const version = rlpNumber(fields[0])
  // What stands behind the version is that version's business.
  if (version !== PROTOCOL_VERSION) {
    const message = `the peer speaks version ${version}, this node ${PROTOCOL_VERSION}: upgrade the older of them`
    throw new QuernError('OTHER_VERSION', message, { version })
  }
  if (fields.length !== HELLO_FIELDS) throw new QuernError('HANDSHAKE_INVALID', `a hello has ${HELLO_FIELDS} fields`)
  const [, genesisHash, agent, height, hash, blocksFrom, statesFrom, claim] = fields
  const agentBytes = rlpBytes(agent)
  const text = new TextDecoder().decode(agentBytes)
  if (agentBytes.length > MAX_AGENT_BYTES || text !== printable(text)) {
    throw new QuernError('HANDSHAKE_INVALID', `an agent is at most ${MAX_AGENT_BYTES} printable ASCII characters`)
  }
  const parts = rlpList(claim)
  return {
    version,
    genesisHash: rlpBytes(genesisHash, 32),
    agent: text,
    height: rlpNumber(height),
    hash: rlpBytes(hash, 32),
    blocksFrom: rlpNumber(blocksFrom),
    statesFrom: rlpNumber(statesFrom),
    claim: parts.length === 0 ? undefined : readClaim(rlpList(claim, 3)),
  }
}

const readClaim = ([address, blsPublicKey, signature]: ReturnType<typeof rlpList>): SignedClaim => ({
  address: rlpBytes(address, 20),
  blsPublicKey: rlpBytes(blsPublicKey, 48),
  signature: rlpBytes(signature, 96),
})

/** It ends up in terminals: control characters have no business there. */
const printable = (agent: string): string => agent.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_AGENT_BYTES)
