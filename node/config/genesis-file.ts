/** genesis.json of a node. */
import fs from 'node:fs'
import { bls } from '../../core/bls.ts'
import { QuernError } from '../../core/errors.ts'
import { type Genesis, genesisJson, parseGenesis } from '../../vm/genesis.ts'

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
