/** The state's tables by name, and their keys as clients write them: a list of parts. PROTOCOL 3. */
import { concatBytes, type Hash, u32be, u64be } from '../../../core/bytes.ts'
import { domainHash } from '../../../core/hash.ts'
import { covenants, outputs } from '../../../vm/covenant/tables.ts'
import * as laneTables from '../../../vm/lanes/tables.ts'
import type { Table } from '../../../vm/state/table.ts'
import * as tables from '../../../vm/state/tables.ts'
import { invalidParams } from '../errors.ts'
import { readAddress, readData, readNumber } from '../schema.ts'

/** `bytes48`: that many bytes as 0x hex. */
type KeyPart = 'address' | 'u8' | 'u32' | 'u64' | 'bytes32' | 'bytes40' | 'bytes48'

interface NamedTable {
  readonly table: Pick<Table<never, never>, 'name' | 'domain'>
  readonly parts: readonly KeyPart[]
}

const named = (table: NamedTable['table'], ...parts: readonly KeyPart[]): NamedTable => ({ table, parts })

const TABLES: readonly NamedTable[] = [
  named(tables.accounts, 'address'),
  named(tables.validators, 'address'),
  named(tables.validatorKeys, 'bytes48'),
  named(tables.candidates),
  named(tables.delegations, 'address', 'address'),
  named(tables.unbondingPools, 'address', 'u64'),
  named(tables.unbondingPositions, 'address', 'u64', 'address'),
  named(tables.workers, 'address'),
  named(tables.workerEpochs, 'u64', 'address'),
  named(tables.workerEpochIndex, 'u64', 'u32'),
  named(tables.nullifiers, 'bytes40'),
  named(tables.nullifierIndex, 'u64', 'u32'),
  named(tables.epochs, 'u64'),
  named(tables.epochSets, 'u64'),
  named(tables.epochValidators, 'u64', 'address'),
  named(tables.epochValidatorIndex, 'u64'),
  named(tables.recentBlocks, 'u64'),
  named(tables.randomness),
  named(tables.payoutCursor),
  named(tables.payouts, 'u64'),
  named(tables.carry),
  named(tables.genesisParams),
  named(tables.supply),
  named(outputs, 'bytes32', 'u32'),
  named(covenants, 'bytes32'),
  named(laneTables.lanes, 'bytes32'),
  named(laneTables.laneTouches, 'u64'),
  named(laneTables.lanePages, 'u8', 'bytes32'),
  named(laneTables.laneTree),
  named(laneTables.blockHeights, 'bytes32'),
]
export const TABLE_NAMES: readonly string[] = TABLES.map(({ table }) => table.name)

function readPart(part: KeyPart, value: string | number): Uint8Array {
  switch (part) {
    case 'address':
      return readAddress(String(value))
    case 'u64':
      return u64be(readNumber(value, 'key'))
    case 'u8':
    case 'u32': {
      const number = readNumber(value, 'key')
      const bits = Number(part.slice(1))
      if (number < 2 ** bits) return u32be(number).subarray(4 - bits / 8)
      throw invalidParams(`parameter "key": a number below 2^${bits} is expected`, { parameter: 'key' })
    }
    case 'bytes32':
    case 'bytes40':
    case 'bytes48': {
      const bytes = readData(String(value), 'key')
      const length = Number(part.slice('bytes'.length))
      if (bytes.length === length) return bytes
      throw invalidParams(`parameter "key": expected ${length} bytes of 0x hex`, { parameter: 'key' })
    }
  }
}

/**
 * Tree key of a record.
 * @param key one part may stand without a list; tables of one record have no part
 * @throws RpcError `INVALID_PARAMS` or `ADDRESS_INVALID`
 */
export function readTreeKey(name: string, key: string | number | readonly (string | number)[] | undefined): Hash {
  const found = TABLES.find(({ table }) => table.name === name)
  if (found === undefined) {
    throw invalidParams(`parameter "table": expected one of ${TABLE_NAMES.join(', ')}`, { parameter: 'table' })
  }
  const values = key === undefined ? [] : typeof key === 'object' ? key : [key]
  if (values.length !== found.parts.length) {
    throw invalidParams(`parameter "key": table ${name} has keys of [${found.parts.join(', ')}]`, { parameter: 'key' })
  }
  const parts = found.parts.map((part, i) => readPart(part, values[i]!))
  return domainHash(found.table.domain, concatBytes(...parts))
}
