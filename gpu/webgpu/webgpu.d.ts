/// <reference types="@webgpu/types" />

/** The optional package. Declared here so that sources compile where it is not installed. */
declare module 'webgpu' {
  export function create(options: string[]): GPU
  export const globals: {
    readonly GPUBufferUsage: typeof GPUBufferUsage
    readonly GPUMapMode: typeof GPUMapMode
  }
}
