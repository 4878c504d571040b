/** Why an operation on a consumer group came to nothing: what the response says, in Apache Kafka's words. */
export interface Refusal {
  readonly errorCode: number
  readonly errorMessage: string
}

export function isRefusal(value: object): value is Refusal {
  return 'errorMessage' in value
}
