/** `sluice/broker`: one broker in this process. */
export { BrokerConfig } from '../metadata/config/broker-config.ts'
export { ConfigError } from '../metadata/config/config-def.ts'
export { type Platform, type RunningBroker, type StoreEngine, startBroker } from './start-broker.ts'
