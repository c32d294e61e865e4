/** Who may not reach whom while the network of a devnet is cut into groups. */
import { QuernError } from '../core/errors.ts'

/** Validators by index. */
export type Groups = readonly (readonly number[])[]

/**
 * @param validators how many there are; whoever is in no group makes up one more
 * @returns the group of each validator, by index
 * @throws QuernError `PARTITION_INVALID`
 */
export function groupsOf(groups: Groups, validators: number): readonly number[] {
  const invalid = (why: string) =>
    new QuernError('PARTITION_INVALID', `${why}: name each validator in one group at most`)
  const assigned = new Map<number, number>()
  for (const [group, members] of groups.entries()) {
    for (const index of members) {
      if (!Number.isSafeInteger(index) || index < 0 || index >= validators) {
        throw invalid(`there is no validator ${index}, only 0 to ${validators - 1}`)
      }
      if (assigned.has(index)) throw invalid(`validator ${index} is named twice`)
      assigned.set(index, group)
    }
  }
  return Array.from({ length: validators }, (_, index) => assigned.get(index) ?? groups.length)
}

/** For each node the nodes it may not reach, as positions in `groupOfNode`. */
export const blockedBy = (groupOfNode: readonly number[]): readonly (readonly number[])[] =>
  groupOfNode.map((own) => groupOfNode.flatMap((other, node) => (other === own ? [] : [node])))
