/** The source of a kernel. */
import type { Kernel } from '../kernel.ts'
import { matrixWgsl } from './matrix.ts'
import { subgroupWgsl } from './subgroup.ts'
import { tiledWgsl } from './tiled.ts'

export function multiplyWgsl(kernel: Kernel): string {
  switch (kernel.kind) {
    case 'tiled':
      return tiledWgsl(kernel)
    case 'subgroup':
      return subgroupWgsl(kernel)
    case 'matrix':
      return matrixWgsl(kernel)
  }
}
