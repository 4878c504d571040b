/** Loads the other clients, which the project does not depend on. */
import { createRequire } from 'node:module'

export const peers = createRequire(new URL('../../../interop/package.json', import.meta.url))
