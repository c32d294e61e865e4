/** Order of places in consensus: what a validator signs names an epoch and a view in it. */
import type { Place } from '../../consensus/simplex/types.ts'

export type { Place }

/** Before the first view, which is view 0 of epoch 0. */
export const BEFORE_ALL: Place = { epoch: 0, view: -1 }

/** Negative when `a` comes first. */
export const comparePlaces = (a: Place, b: Place): number => a.epoch - b.epoch || a.view - b.view

export const laterPlace = (a: Place, b: Place): Place => (comparePlaces(a, b) < 0 ? b : a)

export function isPlace(value: unknown): value is Place {
  if (typeof value !== 'object' || value === null) return false
  const { epoch, view } = value as Partial<Record<'epoch' | 'view', unknown>>
  return Number.isSafeInteger(epoch) && (epoch as number) >= 0 && Number.isSafeInteger(view) && (view as number) >= -1
}
