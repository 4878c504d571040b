/** Who sent a group request, and in which version of the API. */
export interface GroupClient {
  readonly apiVersion: number
  readonly clientId: string
  /** As Kafka prints an address: `/127.0.0.1`. */
  readonly clientHost: string
}
