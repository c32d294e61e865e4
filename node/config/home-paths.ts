/**
 * A node's home folder, and what lies where in it.
 *
 *     config.toml              options (options.ts)
 *     genesis.json             the chain
 *     node_key                 identity on the network (p2p/identity.ts)
 *     validator/key.json       the key that votes (validator-key/key-file.ts); a node without it follows
 *     validator/signing.json   what that key may have signed (validator-key/signing-record.ts)
 *     validator/reporter.json  account that pays for reports of equivocation
 *     data/                    the chain's store: everything in it can be fetched again
 *     light/                   headers of a light node (light/light-store.ts)
 *     keys/                    account keys, encrypted
 */
import os from 'node:os'
import path from 'node:path'

export interface HomePaths {
  readonly home: string
  readonly config: string
  readonly genesis: string
  readonly nodeKey: string
  readonly validatorKey: string
  readonly signingRecord: string
  readonly reporter: string
  readonly data: string
  readonly light: string
  readonly keys: string
}

/** Where a node, and the keys of its user, live when nobody says where. */
export const defaultHome = (env: NodeJS.ProcessEnv): string => env.QUERN_HOME ?? path.join(os.homedir(), '.quern')

export const homePaths = (home: string): HomePaths => ({
  home,
  config: path.join(home, 'config.toml'),
  genesis: path.join(home, 'genesis.json'),
  nodeKey: path.join(home, 'node_key'),
  validatorKey: path.join(home, 'validator', 'key.json'),
  signingRecord: path.join(home, 'validator', 'signing.json'),
  reporter: path.join(home, 'validator', 'reporter.json'),
  data: path.join(home, 'data'),
  light: path.join(home, 'light'),
  keys: path.join(home, 'keys'),
})
