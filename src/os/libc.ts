/**
 * Functions of the system's C library that Node has no call for, through koffi, which is loaded when the first one is
 * asked for. Whoever uses one has a way to do without it: koffi may be missing, and so may the function.
 */
import { createRequire } from 'node:module'

type Library = ReturnType<typeof import('koffi')['load']>

/** undefined: not tried yet; null: not to be had here. */
let library: Library | null | undefined

/** The function that a C prototype names, or null. Keep what it returns: each call makes a new binding. */
export function libcFunction<F>(prototype: string): F | null {
  if (library === undefined) library = load()
  try {
    return (library?.func(prototype) as F | undefined) ?? null
  } catch {
    return null
  }
}

function load(): Library | null {
  try {
    return (createRequire(import.meta.url)('koffi') as typeof import('koffi')).load(null)
  } catch {
    return null
  }
}
