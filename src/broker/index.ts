/**
 * Broker: an embedded, single-node, Kafka-compatible broker. Knows logs, partitions, groups and
 * the requests about them; must not know the client, the command line or who embeds it.
 */
export { Broker, type BrokerNodeStatus } from './broker.js';
export type { BrokerOptions, TopicToCreate } from './broker-options.js';
export type { Compat } from './config/compat.js';
export type { Durability } from './log/index.js';
export {
  backup,
  type BackupOptions,
  type BackupSummary,
  type DumpDecoder,
  dumpLog,
  type DumpOptions,
  type Finding,
  graduate,
  type GraduateOptions,
  type Graduation,
  importFromKafka,
  type ImportOptions,
  type ImportSummary,
  restore,
  type RestoreOptions,
  type TransferOptions,
  type TransferProgress,
  verify,
  type VerifyOptions,
  type VerifyReport,
} from './transfer/index.js';
