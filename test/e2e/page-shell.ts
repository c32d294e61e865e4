/** A page of docs/, run as it stands there: its shell blocks, in one shell. */
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { expect, inject } from 'vitest'
import { ROOT } from '../pure-folders.ts'
import { Sandbox } from './command.ts'

/** What one block may take. */
const BLOCK_LIMIT_MS = 60_000

/** The page's shell blocks by the section that they stand in. */
export function pageBlocks(name: string): readonly { readonly section: string; readonly script: string }[] {
  const page = fs.readFileSync(path.join(ROOT, 'docs', name), 'utf8')
  const blocks: { section: string; script: string }[] = []
  let section = ''
  for (const [, title, script] of page.matchAll(/^## (.+)$|^```sh\n([\s\S]+?)^```$/gm)) {
    section = title ?? section
    if (script !== undefined) blocks.push({ section, script })
  }
  return blocks
}

/** One shell for all blocks, since they share variables and jobs; `quern` is on its path. */
export class PageShell {
  readonly sandbox = new Sandbox()
  readonly #child: ChildProcess
  #output = ''
  #count = 0

  constructor() {
    const { sandbox } = this
    const bin = sandbox.path('bin')
    fs.mkdirSync(bin)
    const command = `#!/bin/sh\nexec '${process.execPath}' '${inject('executable')}' "$@"\n`
    fs.writeFileSync(path.join(bin, 'quern'), command, { mode: 0o755 })
    const { PATH } = process.env
    const env = { PATH: `${bin}:${PATH}`, HOME: sandbox.folder, TMPDIR: sandbox.temporary }
    this.#child = spawn('bash', ['-e'], { cwd: sandbox.folder, env, stdio: 'pipe', detached: true })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
    }
  }

  /** What it printed. The first command of it that fails ends the shell. */
  async run(script: string): Promise<string> {
    this.#count++
    const before = this.#output.length
    const done = `block ${this.#count} done`
    const file = this.sandbox.file(`block-${this.#count}.sh`, script)
    this.#child.stdin?.write(`. ${file} < /dev/null\necho '${done}'\n`)
    await expect
      .poll(() => this.#output.includes(done) || this.#child.exitCode !== null, {
        timeout: BLOCK_LIMIT_MS,
        interval: 50,
      })
      .toBe(true)
    const printed = this.#output.slice(before)
    expect(printed).toContain(done)
    return printed
  }

  /** Whatever its blocks left running goes as well. */
  async end(): Promise<void> {
    const { pid } = this.#child
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL')
    } catch {
      // All of it has ended.
    }
    await this.sandbox.remove()
  }
}
