import { describe, expect, it } from 'vitest'
import { Terminal } from './terminal.ts'

class Screen {
  columns = 80
  rows = 24
  written = ''
  readonly listeners = new Set<() => void>()
  write = (text: string): void => {
    this.written += text
  }
  on = (_: 'resize', listener: () => void): void => void this.listeners.add(listener)
  off = (_: 'resize', listener: () => void): void => void this.listeners.delete(listener)
  /** What was written since the last look. */
  taken(): string {
    const { written } = this
    this.written = ''
    return written
  }
}

const FRAME = '\x1b[?2026h\x1b[H\x1b[Kone\r\n\x1b[Jtwo\x1b[?2026l'

describe('terminal', () => {
  it('draws in place, each frame in one go, and gives back what was there before', () => {
    const screen = new Screen()
    const exitListeners = process.listenerCount('exit')
    const terminal = new Terminal(screen, () => undefined)
    terminal.draw(['not open yet'])
    terminal.open()
    expect(screen.taken()).toBe('\x1b[?1049h\x1b[?25l')
    terminal.draw(['one', 'two'])
    expect(screen.taken()).toBe(FRAME)
    terminal.close()
    terminal.close()
    terminal.draw(['closed'])
    expect(screen.taken()).toBe('\x1b[?25h\x1b[?1049l')
    expect([screen.listeners.size, process.listenerCount('exit')]).toEqual([0, exitListeners])
  })

  it('draws again when its size changes, on a clean page', () => {
    const screen = new Screen()
    let redraws = 0
    const terminal = new Terminal(screen, () => {
      redraws++
      terminal.draw(['one', 'two'])
    })
    terminal.open()
    screen.taken()
    screen.columns = 40
    for (const listener of screen.listeners) listener()
    expect([redraws, terminal.columns]).toEqual([1, 40])
    expect(screen.taken()).toBe(FRAME.replace('\x1b[H', '\x1b[2J\x1b[H'))
    terminal.draw(['one', 'two'])
    expect(screen.taken()).toBe(FRAME)
    terminal.close()
  })
})
