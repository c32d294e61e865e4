import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import { lockKey, lockPlace } from './key-lock.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-lock-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const keyOf = (name: string) => utf8(`${name} ${folder}`)
const inUse = (pid?: number) => expect.objectContaining({ code: 'KEY_IN_USE', meta: pid === undefined ? {} : { pid } })

/** Another process that holds the place as `lockKey` does. */
function hold(place: string): Promise<ChildProcess> {
  const program = `require('net').createServer(s => s.end(process.pid + '\\n')).listen(${JSON.stringify(place)}, () => console.log('held'))`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  return new Promise((resolve) => child.stdout?.once('data', () => resolve(child)))
}

const killed = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })

const places: Readonly<Record<string, (key: Uint8Array) => string>> = {
  'a socket file': (key) => path.join(folder, path.basename(lockPlace(key, 'darwin'))),
  ...(process.platform === 'linux' ? { 'an abstract socket': (key: Uint8Array) => lockPlace(key) } : {}),
}

describe.each(Object.entries(places))('the lock as %s', (_, placeOf) => {
  it('is held once, until it is released', async () => {
    const key = keyOf('once')
    const lock = await lockKey(key, placeOf(key))
    await expect(lockKey(key, placeOf(key))).rejects.toThrow(inUse(process.pid))
    const other = await lockKey(keyOf('other'), placeOf(keyOf('other')))
    await Promise.all([lock.release(), other.release()])
    await (await lockKey(key, placeOf(key))).release()
  })

  it('is refused while another process lives, and free when that was killed', async () => {
    const key = keyOf('killed')
    const child = await hold(placeOf(key))
    await expect(lockKey(key, placeOf(key))).rejects.toThrow(inUse(child.pid))
    await killed(child)
    await (await lockKey(key, placeOf(key))).release()
  })

  it('is refused while its holder is stopped, too', async () => {
    const key = keyOf('stopped')
    const child = await hold(placeOf(key))
    child.kill('SIGSTOP')
    await expect(lockKey(key, placeOf(key))).rejects.toThrow(inUse())
    await killed(child)
  })
})

it('has one place for each key, short enough for a socket on any system', () => {
  const [a, b] = [utf8('a'), utf8('b')]
  for (const platform of ['linux', 'darwin', 'win32'] as const) {
    expect(lockPlace(a, platform)).not.toBe(lockPlace(b, platform))
    expect(path.basename(lockPlace(a, platform)).length).toBeLessThan(70)
  }
  expect(lockPlace(a, 'win32')).toMatch(/^\\\\\.\\pipe\\quern-key-/)
})

it('says what to do where it cannot be made', async () => {
  const place = path.join(folder, 'missing', 'lock.sock')
  await expect(lockKey(keyOf('nowhere'), place)).rejects.toThrow(expect.objectContaining({ code: 'KEY_LOCK_FAILED' }))
})
