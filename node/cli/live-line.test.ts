import { expect, it } from 'vitest'
import { LiveLine } from './live-line.ts'

function screen(isTTY: boolean, columns = 40) {
  let text = ''
  const write = (part: string): boolean => {
    text += part
    return true
  }
  const stream = { write: write as NodeJS.WriteStream['write'], isTTY, columns }
  return { live: new LiveLine((line) => void write(`${line}\n`), stream), text: () => text }
}

it('keeps what is live below the log, within the width of the terminal, and takes it away', () => {
  const { live, text } = screen(true, 6)
  live.draw('1 of 90')
  live.add('peer')
  live.end()
  live.add('done')
  expect(text()).toBe('\r\u001b[K1 of \r\u001b[Kpeer\n1 of \r\u001b[Kdone\n')
})

it('writes lines alone where there is no terminal', () => {
  const { live, text } = screen(false)
  live.draw('1 of 9')
  live.add('peer')
  live.end()
  expect(text()).toBe('1 of 9\npeer\n')
})
