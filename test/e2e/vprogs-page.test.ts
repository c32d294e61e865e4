/** docs/vprogs.md, run as it stands there: a program is deployed, paid into, settled, paid out and looked at. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { PageShell, pageBlocks } from './page-shell.ts'

let shell: PageShell

beforeAll(() => {
  shell = new PageShell()
})
afterAll(() => shell.end())

it.skipIf(process.platform === 'win32')(
  'a program goes through its life',
  async () => {
    const printed = new Map<string, string>()
    for (const { section, script } of pageBlocks('vprogs.md')) {
      printed.set(section, `${printed.get(section) ?? ''}${await shell.run(script)}`)
    }
    const [program, deposit, settlements, exits, looked] = [...printed.values()].slice(1) as string[]
    expect(program).toMatch(/^state +0x0{64}$/m)
    expect(deposit).toMatch(/^deposited +5 CPC$/m)
    expect(settlements!.match(/^state +0x[0-9a-f]{64}$/gm)).toHaveLength(5)
    // The first one follows the deposit before it as well.
    const counts = settlements!.matchAll(/^transactions +(\d+)$/gm)
    expect([...counts].map(([, count]) => Number(count))).toEqual([2, 1, 1, 1, 1])
    expect(exits).toMatch(/^paid +4 CPC$/m)
    expect(exits).toMatch(/^what +claims 2\.5 CPC for key 0x[0-9a-f]{64}$/m)
    expect(exits).toMatch(/^withdrawn +2\.5 CPC$/m)
    expect(looked).toMatch(/^settlements +6, up to block \d+$/m)
    // 10 CPC in, 6.5 out.
    expect(looked).toMatch(/^deposits +\d+, together 3\.5 CPC$/m)
    expect(looked).toMatch(/^exits +none wait$/m)
    expect(looked).not.toMatch(/WARNING/)
  },
  120_000,
)
