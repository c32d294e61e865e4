/**
 * Test vectors that lie beside the checkout, not in it. Tests that need one skip where the folder is absent:
 * `describe.skipIf(vectors === undefined)`.
 */
import fs from 'node:fs'

/** The parsed file `../shared/vectors/<name>`, or undefined, with a line on stderr, where there is none. */
export function sharedVectors<T>(name: string): T | undefined {
  const file = new URL(`../../shared/vectors/${name}`, import.meta.url)
  if (!fs.existsSync(file)) {
    console.error(`skipping checks against ${name}: no ../shared/vectors beside this checkout`)
    return undefined
  }
  return JSON.parse(fs.readFileSync(file, 'utf8')) as T
}
