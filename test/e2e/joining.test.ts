/** docs/joining.md, run as it stands there: a fifth validator joins a devnet, votes, restarts and moves. */
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { fromHex } from '../../core/bytes.ts'
import { rpcClient } from '../../node/cli/rpc-client.ts'
import { ROOT } from '../pure-folders.ts'
import { Sandbox } from './command.ts'
import { PATIENCE } from './devnet-fixture.ts'

/** Of the page's network and of its node. */
const [devnet, node] = [rpcClient('http://127.0.0.1:18545'), rpcClient('http://127.0.0.1:18546')]

/** The page's shell blocks by the section that they stand in. */
function pageBlocks(): readonly { readonly section: string; readonly script: string }[] {
  const page = fs.readFileSync(path.join(ROOT, 'docs', 'joining.md'), 'utf8')
  const blocks: { section: string; script: string }[] = []
  let section = ''
  for (const [, title, script] of page.matchAll(/^## (.+)$|^```sh\n([\s\S]+?)^```$/gm)) {
    section = title ?? section
    if (script !== undefined) blocks.push({ section, script })
  }
  return blocks
}

/** One shell for all blocks, since they share variables and jobs. */
class Shell {
  readonly #child: ChildProcess
  #output = ''
  #count = 0

  constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.#child = spawn('bash', ['-e'], { cwd: folder, env, stdio: 'pipe', detached: true })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
    }
  }

  /** What it printed. The first command of it that fails ends the shell. */
  async run(folder: string, script: string): Promise<string> {
    this.#count++
    const before = this.#output.length
    const done = `block ${this.#count} done`
    const file = path.join(folder, `block-${this.#count}.sh`)
    fs.writeFileSync(file, script)
    this.#child.stdin?.write(`. ${file} < /dev/null\necho '${done}'\n`)
    await expect
      .poll(() => this.#output.includes(done) || this.#child.exitCode !== null, { timeout: 60_000, interval: 50 })
      .toBe(true)
    const printed = this.#output.slice(before)
    expect(printed).toContain(done)
    return printed
  }

  /** Whatever its blocks left running goes as well. */
  end(): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // All of it has ended.
    }
  }
}

const sandbox = new Sandbox()
let shell: Shell

beforeAll(() => {
  const bin = sandbox.path('bin')
  fs.mkdirSync(bin)
  const command = `#!/bin/sh\nexec '${process.execPath}' '${inject('executable')}' "$@"\n`
  fs.writeFileSync(path.join(bin, 'quern'), command, { mode: 0o755 })
  const { PATH } = process.env
  shell = new Shell(sandbox.folder, { PATH: `${bin}:${PATH}`, HOME: sandbox.folder, TMPDIR: sandbox.temporary })
})
afterAll(async () => {
  shell.end()
  await sandbox.remove()
})

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
        owner = (JSON.parse(fs.readFileSync(sandbox.path('miller/validator/key.json'), 'utf8')) as { owner: string })
          .owner
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
    const blocks = pageBlocks()
    expect(blocks.map(({ section }) => section)).toEqual(expect.arrayContaining(Object.keys(checks)))
    for (const { section, script } of blocks) {
      const printed = await shell.run(sandbox.folder, script)
      await checks[section]?.(printed)
    }
  },
  120_000,
)
