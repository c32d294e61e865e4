/** Where a keystore password comes from: --password-file, then QUERN_PASSWORD, then a prompt that does not echo. */
import fs from 'node:fs'
import { QuernError } from '../../core/errors.ts'

/** Longer input is a mistake, such as a whole file pasted into the prompt. */
const MAX_PASSWORD_LENGTH = 1_024

function promptHidden(question: string): Promise<string> {
  const { stdin, stderr } = process
  stderr.write(question)
  stdin.setRawMode(true)
  stdin.resume()
  stdin.setEncoding('utf8')
  return new Promise((resolve, reject) => {
    let typed = ''
    const end = (): void => {
      stdin.setRawMode(false)
      stdin.pause()
      stdin.off('data', onData)
      stderr.write('\n')
    }
    const onData = (chunk: string): void => {
      for (const character of chunk) {
        if (character === '\r' || character === '\n') {
          end()
          resolve(typed)
          return
        }
        if (character === '\u0003' || typed.length >= MAX_PASSWORD_LENGTH) {
          end()
          reject(new QuernError('PASSWORD_CANCELLED', 'no password given'))
          return
        }
        typed = character === '\u007f' ? typed.slice(0, -1) : typed + character
      }
    }
    stdin.on('data', onData)
  })
}

export interface PasswordOptions {
  readonly passwordFile?: string
  /** Ask twice, for a new key. */
  readonly confirm?: boolean
}

function readPasswordFile(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new QuernError(
      'PASSWORD_FILE_UNREADABLE',
      `cannot read ${file} (${code}): see --password-file`,
      {},
      { cause },
    )
  }
}

/** @throws QuernError `PASSWORD_MISSING`, `PASSWORD_MISMATCH`, `PASSWORD_CANCELLED`, `PASSWORD_FILE_UNREADABLE` */
export async function readPassword(options: PasswordOptions, env: NodeJS.ProcessEnv): Promise<string> {
  if (options.passwordFile !== undefined) return readPasswordFile(options.passwordFile)
  if (env.QUERN_PASSWORD !== undefined) return env.QUERN_PASSWORD
  if (!process.stdin.isTTY) {
    throw new QuernError('PASSWORD_MISSING', 'no terminal to ask for a password: use --password-file or QUERN_PASSWORD')
  }
  const password = await promptHidden('Password: ')
  if (options.confirm && (await promptHidden('Again: ')) !== password) {
    throw new QuernError('PASSWORD_MISMATCH', 'the two passwords differ: nothing was written')
  }
  return password
}
