/** Which known name a wrong one was meant to be. */

/** More typing errors than this make another word. */
const MAX_DISTANCE = 3
/** The longest method names have 39 letters. */
const MAX_LENGTH = 64

/** Levenshtein's distance: insertions, deletions and replacements. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}

/** The nearest of `names`, case aside; undefined when none is near. */
export function nearestName(name: string, names: Iterable<string>): string | undefined {
  if (name.length > MAX_LENGTH) return undefined
  let nearest: string | undefined
  let distance = MAX_DISTANCE + 1
  for (const candidate of names) {
    const found = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (found >= distance) continue
    distance = found
    nearest = candidate
  }
  return nearest
}
