/** kill -9 of a validator between settlements: the program goes on without it, and it comes back to the same program. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { concatBytes, fromHex, utf8 } from '../../core/bytes.ts'
import { type ReadyLine, type RunningCommand, Sandbox } from './command.ts'
import { PATIENCE, privateKeyOf, RpcUser } from './devnet-fixture.ts'
import { headerOf, LaneFollower, type Sent, VprogUser } from './vprog-fixture.ts'
import { TestProgram } from './vprog-program.ts'

const FLAGS = ['--processes', '--json', '--rpc-port', '0', '--workers', '0', '--block-interval-ms', '100']
const LANE = concatBytes(utf8('kill'), new Uint8Array(16))
/** As the preset has it. */
const WINDOW_BLOCKS = 600
const VICTIM = 1

let sandbox: Sandbox
let command: RunningCommand
let ready: ReadyLine
beforeAll(async () => {
  sandbox = new Sandbox()
  command = sandbox.start(['devnet', ...FLAGS])
  ready = await command.ready()
})
afterAll(async () => {
  await command.stop()
  await sandbox.remove()
})

it('settles before, without and after', async () => {
  const chain = new RpcUser(ready.rpc)
  const [settler, actor] = [new VprogUser(chain, privateKeyOf(0)), new VprogUser(chain, privateKeyOf(1))]
  const lane = new LaneFollower(chain, LANE, WINDOW_BLOCKS)
  const program = await TestProgram.deploy(chain, settler, fromHex(ready.prover), lane)
  const settlements: Sent[] = []
  const settle = async (): Promise<void> => {
    settlements.push((await program.settle()).sent)
  }

  await program.act(actor, utf8('before'), 10n)
  await settle()
  process.kill(ready.nodes[VICTIM]!.pid, 'SIGKILL')
  await command.line((line) => line.startsWith('{"event":"validatorEnded"'))
  await settle()
  await chain.rpc('dev_restartValidator', [VICTIM])
  await program.act(actor, utf8('after'))
  await settle()

  // The one that answers here has no URL of its own.
  const nodes = await chain.rpc<{ readonly rpc: string | null }[]>('dev_getNodes')
  const everybody = nodes.map(({ rpc }) => new RpcUser(rpc ?? ready.rpc))
  expect(new Set(everybody.map(({ url }) => url)).size).toBe(5)
  const { height } = settlements.at(-1)!
  for (const node of everybody) {
    await expect.poll(async () => (await headerOf(node, 'finalized')).height, PATIENCE).toBeGreaterThanOrEqual(height)
  }
  const views = everybody.map((node) =>
    Promise.all([
      ...settlements.map((sent) => headerOf(node, sent.height)),
      ...settlements.map((sent) => node.rpc('eth_getBlockReceipts', [`0x${sent.height.toString(16)}`])),
      node.rpc('chain_getSupply', [height]),
    ]),
  )
  const seen = await Promise.all(views)
  expect(seen).toEqual(Array(5).fill(seen[0]))
})
