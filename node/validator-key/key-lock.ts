/**
 * One process on this machine signs with a key, from whichever home folder: the lock is a name in the operating system
 * that the key's public half gives and that vanishes with the process, however it dies.
 *
 *     Linux     an abstract socket (no file; one name space for each network name space, so a container is a machine)
 *     Windows   a named pipe
 *     others    a socket file in the temporary folder; one that nobody answers on is a dead process's, and is replaced
 *
 * Whoever connects is told the holder's process id. It does not guard against a second machine: SECURITY.md.
 */
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { hexKey } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'

export interface KeyLock {
  release(): Promise<void>
}

/** The holder answers at once, unless it is stopped or busy with a block; then its process id stays unknown. */
const ANSWER_MS = 500
/** A process id and no more. */
const MAX_ANSWER_BYTES = 32
/** Of two processes that replace a dead one's file at once, the later removes the earlier's; within this time it has. */
const SETTLE_MS = 200

/** Where the lock of a key stands. A socket's path may have some 100 bytes, so the key is hashed. */
export function lockPlace(publicKey: Uint8Array, platform: NodeJS.Platform = process.platform): string {
  const name = `quern-key-${hexKey(sha256(publicKey)).slice(0, 32)}`
  if (platform === 'linux') return `\0${name}`
  return platform === 'win32' ? `\\\\.\\pipe\\${name}` : path.join(os.tmpdir(), `${name}.sock`)
}

/** @throws QuernError `KEY_IN_USE` when another process holds it, `KEY_LOCK_FAILED` */
export async function lockKey(publicKey: Uint8Array, place = lockPlace(publicKey)): Promise<KeyLock> {
  const server = (await listen(place)) ?? (await takeOver(place))
  return { release: () => new Promise((resolve) => server.close(() => resolve())) }
}

/** Replaces a dead process's file. Names that are no files have a living holder, always. */
async function takeOver(place: string): Promise<net.Server> {
  const holder = await ask(place)
  const isFile = path.isAbsolute(place) && !place.startsWith('\\')
  if (holder.isAlive || !isFile) throw inUse(holder.pid)
  fs.rmSync(place, { force: true })
  const server = await listen(place)
  await setTimeout(SETTLE_MS)
  const settled = await ask(place)
  // Not closed when lost: closing would remove the file of the one who has it now.
  if (server === undefined || settled.pid !== process.pid) throw inUse(settled.pid)
  return server
}

function inUse(pid: number | undefined): QuernError {
  const who = pid === undefined ? 'another process' : `process ${pid}`
  return new QuernError(
    'KEY_IN_USE',
    `${who} on this machine signs with this validator key: stop it first; two signers of one key get it slashed`,
    pid === undefined ? {} : { pid },
  )
}

/** Undefined when the place is taken. */
function listen(place: string): Promise<net.Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end(`${process.pid}\n`)
    })
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EADDRINUSE') return resolve(undefined)
      const message = `cannot lock the validator key (${cause.code}): check that ${os.tmpdir()} can be written to`
      reject(new QuernError('KEY_LOCK_FAILED', message, {}, { cause }))
    })
    server.listen(place, () => {
      // The lock alone keeps no process alive.
      server.unref()
      resolve(server)
    })
  })
}

interface Holder {
  readonly isAlive: boolean
  readonly pid: number | undefined
}

/** A connection that is taken up shows a living holder, whether or not it gets round to answering. */
function ask(place: string): Promise<Holder> {
  return new Promise((resolve) => {
    let isAlive = false
    let answer = ''
    const socket = net.connect(place, () => {
      isAlive = true
    })
    socket.setEncoding('utf8').setTimeout(ANSWER_MS, () => socket.destroy())
    socket.on('data', (text: string) => {
      answer += text
      if (answer.length > MAX_ANSWER_BYTES) socket.destroy()
    })
    socket.on('error', () => undefined)
    socket.once('close', () => {
      const pid = /^(\d{1,10})\n$/.exec(answer)?.[1]
      resolve({ isAlive, pid: pid === undefined ? undefined : Number(pid) })
    })
  })
}
