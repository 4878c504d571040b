/** Who asks, as the group coordinator keeps it with a member. */
import type { GroupClient } from '../../coordinator/group/classic/group-client.ts'
import type { RequestContext } from '../request-context.ts'

export function groupClientOf({ apiVersion, clientId, connection }: RequestContext): GroupClient {
  // Java prints an address without a name like this, and so it stands in DescribeGroups.
  return { apiVersion, clientId: clientId ?? '', clientHost: `/${connection.clientAddress}` }
}
