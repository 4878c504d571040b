/**
 * How the controller talks to brokers: the three control requests of ZooKeeper-mode Kafka, in the shape of their
 * newest versions (LeaderAndIsr 7, StopReplica 4, UpdateMetadata 8). On a cluster of one the channel calls the
 * broker's own handlers; between brokers it is a connection.
 */
export const API_LEADER_AND_ISR = 4
export const API_STOP_REPLICA = 5
export const API_UPDATE_METADATA = 6

export interface LeaderAndIsrRequest {
  readonly controllerId: number
  readonly controllerEpoch: number
  readonly brokerEpoch: number
  readonly topicStates: {
    readonly topicName: string
    readonly topicId: string
    readonly partitionStates: {
      readonly partitionIndex: number
      readonly controllerEpoch: number
      readonly leader: number
      readonly leaderEpoch: number
      readonly isr: number[]
      readonly partitionEpoch: number
      readonly replicas: number[]
      readonly addingReplicas: number[]
      readonly removingReplicas: number[]
      readonly isNew: boolean
      readonly leaderRecoveryState: number
    }[]
  }[]
  readonly liveLeaders: { readonly brokerId: number; readonly hostName: string; readonly port: number }[]
}

export interface LeaderAndIsrResponse {
  readonly errorCode: number
  readonly topics: readonly {
    readonly topicId: string
    readonly partitionErrors: readonly { readonly partitionIndex: number; readonly errorCode: number }[]
  }[]
}

export interface StopReplicaRequest {
  readonly controllerId: number
  readonly controllerEpoch: number
  readonly brokerEpoch: number
  readonly topicStates: {
    readonly topicName: string
    readonly partitionStates: {
      readonly partitionIndex: number
      /** -2 while the topic is being deleted, -1 if unknown: both pass the broker's epoch check. */
      readonly leaderEpoch: number
      readonly deletePartition: boolean
    }[]
  }[]
}

export interface StopReplicaResponse {
  readonly errorCode: number
  readonly partitionErrors: readonly {
    readonly topicName: string
    readonly partitionIndex: number
    readonly errorCode: number
  }[]
}

export interface UpdateMetadataRequest {
  readonly controllerId: number
  readonly controllerEpoch: number
  readonly brokerEpoch: number
  readonly topicStates: {
    readonly topicName: string
    readonly topicId: string
    readonly partitionStates: {
      readonly partitionIndex: number
      readonly controllerEpoch: number
      readonly leader: number
      readonly leaderEpoch: number
      readonly isr: number[]
      readonly zkVersion: number
      readonly replicas: number[]
      readonly offlineReplicas: number[]
    }[]
  }[]
  readonly liveBrokers: {
    readonly id: number
    readonly endpoints: {
      readonly port: number
      readonly host: string
      readonly listener: string
      readonly securityProtocol: number
    }[]
    readonly rack: string | null
  }[]
}

export interface UpdateMetadataResponse {
  readonly errorCode: number
}

export interface ControlApis {
  4: { request: LeaderAndIsrRequest; response: LeaderAndIsrResponse }
  5: { request: StopReplicaRequest; response: StopReplicaResponse }
  6: { request: UpdateMetadataRequest; response: UpdateMetadataResponse }
}

export interface BrokerChannel {
  /** Rejects when the broker can't be reached; the controller sends the request again while the broker is alive. */
  send<Key extends keyof ControlApis>(
    brokerId: number,
    apiKey: Key,
    request: ControlApis[Key]['request'],
  ): Promise<ControlApis[Key]['response']>
}
