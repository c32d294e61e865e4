/** What a run found. The first few say it all; a broken invariant is often broken again at every step. */
const MAX_KEPT = 16

export class Violations {
  readonly list: string[] = []

  add(what: string): void {
    if (this.list.length < MAX_KEPT && !this.list.includes(what)) this.list.push(what)
  }

  get isEmpty(): boolean {
    return this.list.length === 0
  }
}
