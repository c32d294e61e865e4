/** What a devnet prints when it is ready: accounts, keys and URLs, as users of anvil expect them. */
import { checksumAddress, formatAddress } from '../core/address.ts'
import { hexKey, toHex } from '../core/bytes.ts'
import type { DevNode } from '../node/api.ts'
import { cpc, table } from '../node/cli/output.ts'
import type { AccountKey } from './keys.ts'

export interface ReadyDevnet {
  readonly chainId: number
  readonly rpc: string
  readonly ws: string
  readonly genesisHash: Uint8Array
  readonly accounts: readonly AccountKey[]
  readonly balanceWei: bigint
  readonly mnemonic: string
  readonly seed: string
  readonly prover: AccountKey
  readonly validators: number
  readonly workers: number
  /** Undefined: a temporary one, removed at exit. */
  readonly dataDir: string | undefined
  readonly nodes: readonly DevNode[]
}

const LOGO = String.raw`
   ___  _   _  ___  ___ _  _
  / _ \| | | || __|| _ \ \| |   Proof of Compute
 | (_) | |_| || _| |   / .  |   stake votes, compute leads
  \__\_\\___/ |___||_|_\_|\_|
`

const underlined = (title: string): string => `${title}\n${'='.repeat(title.length)}`

export function banner(ready: ReadyDevnet): string {
  const accounts = ready.accounts.map(
    (key, i) => `(${i}) ${checksumAddress(key.address)}  ${formatAddress(key.address)}  (${cpc(ready.balanceWei)})`,
  )
  const keys = ready.accounts.map((key, i) => `(${i}) 0x${hexKey(key.privateKey)}`)
  return [
    LOGO,
    underlined('Available accounts'),
    ...accounts,
    '',
    underlined('Private keys (known to everybody: never use them elsewhere)'),
    ...keys,
    '',
    underlined('Wallet'),
    `Mnemonic:        ${ready.mnemonic}`,
    "Derivation path: m/44'/60'/0'/0/",
    '',
    underlined('Network'),
    `Chain id:   ${ready.chainId}`,
    `Genesis:    ${toHex(ready.genesisHash)}`,
    `Validators: ${ready.validators}, workers: ${ready.workers}`,
    `Seed:       ${ready.seed}`,
    `Prover:     0x${hexKey(ready.prover.privateKey)} (signs in place of proofs: quern vprog settle)`,
    `Data:       ${ready.dataDir ?? 'temporary (use --data-dir to keep the chain)'}`,
    '',
    underlined('Nodes'),
    nodeTable(ready.nodes),
    '',
    `JSON-RPC:   ${ready.rpc}`,
    `WebSocket:  ${ready.ws}`,
    '',
  ].join('\n')
}

const nodeTable = (nodes: readonly DevNode[]): string =>
  table(
    ['NAME', 'PID', 'JSON-RPC', 'MULTIADDR'],
    nodes.map(({ name, pid, rpc, multiaddr }) => [name, pid === undefined ? '-' : String(pid), rpc ?? '-', multiaddr]),
  )

/** The one line of --json. */
export const readyEvent = (ready: ReadyDevnet): string =>
  JSON.stringify({
    event: 'ready',
    chainId: ready.chainId,
    rpc: ready.rpc,
    ws: ready.ws,
    genesis: toHex(ready.genesisHash),
    accounts: ready.accounts.map((key) => ({
      address: checksumAddress(key.address),
      bech32: formatAddress(key.address),
      privateKey: toHex(key.privateKey),
    })),
    prover: toHex(ready.prover.privateKey),
    nodes: ready.nodes.map(({ name, nodeId, pid, rpc, multiaddr }) => ({
      name,
      nodeId,
      multiaddr,
      pid: pid ?? null,
      rpc: rpc ?? null,
    })),
  })
