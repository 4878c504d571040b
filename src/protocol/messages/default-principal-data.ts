/**
 * The principal as an Envelope carries it to the controller (KIP-590).
 */
import type { Infer } from '../schema.ts'
import { bool, payload, string } from '../schema.ts'

export const DefaultPrincipalData = payload(
  'DefaultPrincipalData',
  { versions: '0', flexible: '0+' },
  {
    type: string(),
    name: string(),
    tokenAuthenticated: bool(),
  },
)
export type DefaultPrincipalData = Infer<typeof DefaultPrincipalData>
