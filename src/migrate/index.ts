/**
 * Migrate: copies topics, settings, records and committed offsets between two running clusters, of
 * kafkit or of Apache Kafka, for places where no files can be handed over. Knows the public client
 * and a file for its memory; must not know the broker.
 */
export { migrate } from './migrate.js';
export type {
  MigratedGroup,
  MigratedTopic,
  MigrateOptions,
  MigrationProgress,
  MigrationReport,
} from './migration-options.js';
