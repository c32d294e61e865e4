/** docs/joining.md, run as it stands there: a fifth validator joins a devnet, votes, restarts and moves. */
import fs from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fromHex } from '../../core/bytes.ts'
import { rpcClient } from '../../node/cli/rpc-client.ts'
import { PATIENCE } from './devnet-fixture.ts'
import { PageShell, pageBlocks } from './page-shell.ts'

/** Of the page's network and of its node. */
const [devnet, node] = [rpcClient('http://127.0.0.1:18545'), rpcClient('http://127.0.0.1:18546')]

let shell: PageShell

beforeAll(() => {
  shell = new PageShell()
})
afterAll(() => shell.end())

interface Certificates {
  readonly height: number
  readonly notarization: { readonly epoch: number; readonly signers: string } | null
}

/** Whether the newest final block that has one was notarised with this validator's vote, and its height. */
async function voted(owner: string): Promise<number | undefined> {
  const { height, notarization } = await devnet.call<Certificates>('chain_getCertificate')
  if (notarization === null) return undefined
  const members = await devnet.call<readonly { address: string }[]>('chain_getValidators', [notarization.epoch])
  const own = members.findIndex(({ address }) => address === owner)
  if (own < 0) return undefined
  return ((fromHex(notarization.signers)[own >> 3]! >> (own & 7)) & 1) === 1 ? height : undefined
}

const finalHeight = async (): Promise<number> =>
  (await devnet.call<{ finalized_height: number }>('chain_getStatus')).finalized_height

it.skipIf(process.platform === 'win32')(
  'a newcomer joins as the fifth validator, and its votes are in certificates',
  async () => {
    const votesAgain = async (owner: string): Promise<void> => {
      const after = await finalHeight()
      await expect.poll(() => voted(owner), { ...PATIENCE, interval: 50 }).toBeGreaterThan(after)
    }
    let owner = ''
    const checks: Readonly<Record<string, (printed: string) => Promise<void>>> = {
      '3. A node': async () => {
        owner = (
          JSON.parse(fs.readFileSync(shell.sandbox.path('miller/validator/key.json'), 'utf8')) as { owner: string }
        ).owner
      },
      '4. The stake': async (printed) => {
        expect(printed).toMatch(/^votes +since epoch \d+$/m)
        expect(printed).toContain('Upper Mill')
        expect(await node.call<readonly unknown[]>('chain_getValidators', ['current'])).toHaveLength(5)
        await votesAgain(owner)
      },
      '5. Restarts': () => votesAgain(owner),
      '6. Moving to another machine': () => votesAgain(owner),
    }
    const blocks = pageBlocks('joining.md')
    expect(blocks.map(({ section }) => section)).toEqual(expect.arrayContaining(Object.keys(checks)))
    for (const { section, script } of blocks) {
      const printed = await shell.run(script)
      await checks[section]?.(printed)
    }
  },
  120_000,
)
