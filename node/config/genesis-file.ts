/** genesis.json of a node, and a genesis for a chain of one validator. */
import fs from 'node:fs'
import { bls } from '../../core/bls.ts'
import { QuernError } from '../../core/errors.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import { checkGenesis, type Genesis, genesisJson, parseGenesis } from '../../vm/genesis.ts'
import { PRESETS } from '../../vm/params.ts'
import { proofOfPossessionBytes } from '../../vm/statement.ts'
import type { ValidatorKey } from '../validator/proposer.ts'

/** 100,000 accounts and a hundred validators take some 10 MiB. */
const MAX_FILE_BYTES = 64 << 20

/** @throws QuernError `GENESIS_UNREADABLE`, `GenesisErrorCode` */
export function readGenesis(file: string): Genesis {
  const unreadable = (why: string, cause?: unknown): QuernError =>
    new QuernError('GENESIS_UNREADABLE', `${file} ${why}`, {}, { cause })
  let value: unknown
  try {
    if (fs.statSync(file).size > MAX_FILE_BYTES) throw unreadable(`is longer than ${MAX_FILE_BYTES} bytes`)
    value = JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch (cause) {
    if (cause instanceof QuernError) throw cause
    if (cause instanceof SyntaxError) throw unreadable('is not JSON: fetch it again', cause)
    const { code } = cause as NodeJS.ErrnoException
    throw unreadable(`cannot be read (${code}): check --genesis and the permissions`, cause)
  }
  return parseGenesis(value, bls)
}

export const genesisText = (genesis: Genesis): string => `${JSON.stringify(genesisJson(genesis), null, 2)}\n`

/** Ten times the devnet's least stake, as in `quern devnet`. */
const STAKE_WEI = 10_000n * WEI_PER_CPC
const OWNER_WEI = 1_000_000_000n * WEI_PER_CPC

/** A devnet that one validator makes alone; its owner has all the money. @param nodeId the node's peer id */
export function soloGenesis(key: ValidatorKey, nodeId: string, timestampMs: number): Genesis {
  const { owner, blsSecretKey } = key
  const blsPublicKey = bls.publicKey(blsSecretKey)
  const genesis: Genesis = {
    network: 'devnet',
    timestampMs,
    params: PRESETS.devnet,
    // Lanes and covenants are not part of this version, so no height activates them.
    activations: { vprogs: Number.MAX_SAFE_INTEGER },
    alloc: [{ address: owner, balanceWei: OWNER_WEI }],
    validators: [
      {
        owner,
        blsPublicKey,
        proofOfPossession: bls.sign(blsSecretKey, proofOfPossessionBytes(PRESETS.devnet.chainId, owner, blsPublicKey)),
        stakeWei: STAKE_WEI,
        nodeId,
      },
    ],
  }
  checkGenesis(genesis, bls)
  return genesis
}
