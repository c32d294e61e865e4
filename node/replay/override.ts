/** params.json of `quern replay --override`: parameters by their names in genesis.json, those that a past chain can be tried with. */
import fs from 'node:fs'
import { QuernError } from '../../core/errors.ts'
import { paramsJson, readParams } from '../../vm/genesis/params.ts'
import type { Genesis } from '../../vm/genesis.ts'
import type { ChainParams } from '../../vm/params.ts'

/**
 * Left out is what block hashes, epochs, signatures or seeds were made with: with another epoch length, say, there is no
 * "same transactions in the same views".
 */
export const OVERRIDABLE = [
  'worker_share_bps',
  'voter_share_bps',
  'leader_share_bps',
  'emission_wei',
  'halving_blocks',
  'kappa_bps',
  'genesis_difficulty_macs',
  'target_results_per_block',
  'max_results_per_block',
  'base_fee_floor_wei',
  'gas_limit',
  'gram_limit',
  'max_lanes_per_block',
  'min_stake_wei',
  'min_delegation_wei',
  'max_validators',
  'commission_cap_bps',
  'commission_max_step_bps',
  'missed_views_bps',
  'missed_views_min',
  'jail_epochs',
  'slash_equivocation_bps',
  'slash_downtime_bps',
] as const

/** A handful of numbers. */
const MAX_FILE_BYTES = 64 << 10

const wrong = (why: string): QuernError => new QuernError('OVERRIDE_INVALID', why)

/** @throws QuernError `OVERRIDE_INVALID`, and `GENESIS_PARAM` where a value is out of bounds */
export function readOverride(file: string, genesis: Genesis): ChainParams {
  let value: unknown
  try {
    if (fs.statSync(file).size > MAX_FILE_BYTES) throw wrong(`${file} is too long for a few parameters`)
    value = JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof QuernError) throw error
    throw wrong(`${file} cannot be read as JSON: check the path and the commas`)
  }
  return overridden(value, genesis)
}

/** @throws QuernError as `readOverride` */
export function overridden(value: unknown, genesis: Genesis): ChainParams {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('an override is a JSON object')
  const allowed: readonly string[] = OVERRIDABLE
  for (const name of Object.keys(value)) {
    if (!allowed.includes(name)) throw wrong(`${name} cannot be overridden: choose from ${OVERRIDABLE.join(', ')}`)
  }
  const { params, network } = genesis
  return readParams({ ...paramsJson(params), ...value }, params.chainId, network)
}
