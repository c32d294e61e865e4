/**
 * Attackers in a process of their own, so that the attacked keeps its event loop to itself. A line `{attack, address,
 * genesis}` on standard input begins one; its outcome comes as a line on standard output.
 *
 *     node --import tsx attacker-process.ts
 */
import readline from 'node:readline'
import { fromHex, type Hex } from '../../core/bytes.ts'
import { ATTACKS, type AttackName } from './attacks.ts'

export interface Command {
  readonly attack: AttackName
  readonly address: string
  readonly genesis: Hex
}

// What a shut connection leaves behind in the library is no failure of an attack.
process.on('unhandledRejection', () => {})

const report = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`)

report('ready')
for await (const line of readline.createInterface({ input: process.stdin })) {
  const { attack, address, genesis } = JSON.parse(line) as Command
  try {
    report(await ATTACKS[attack]({ address, genesisHash: fromHex(genesis) }))
  } catch (error) {
    report({ failure: error instanceof Error ? error.stack : String(error) })
  }
}
process.exit(0)
