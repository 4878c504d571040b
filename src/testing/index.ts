/** `sluice/testing`: a Kafka broker inside a test. */
export {
  type ApiReference,
  DISCONNECT,
  DROP,
  failWith,
  type InterceptedCall,
  type Interceptor,
} from './interceptors.ts'
export { startBroker, TestBroker, type TestBrokerOptions } from './test-broker.ts'
