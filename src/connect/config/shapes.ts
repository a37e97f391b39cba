import { formats } from './named-transforms.js';
import type { Shape } from './section.js';

const top: Shape = {
  name: 'text',
  from: 'any',
  via: 'list',
  to: 'any',
  errors: 'fields',
  tasks: 'number',
  batchSize: 'number',
  commitIntervalMs: 'number',
  drainTimeoutMs: 'number',
  offsetsTopic: 'text',
  kafka: 'fields',
  http: 'text',
};

const fromTopics: Shape = {
  bootstrapServers: 'texts',
  topics: 'texts',
  topicsPattern: 'text',
  groupId: 'text',
  offsetReset: ['earliest', 'latest', 'none'],
  isolationLevel: ['read_committed', 'read_uncommitted'],
  keyFormat: formats,
  valueFormat: formats,
  consumer: 'fields',
};

const toTopic: Shape = {
  bootstrapServers: 'texts',
  topic: 'text',
  exactlyOnce: 'boolean',
  producer: 'fields',
};

const errorShape: Shape = {
  retries: 'number',
  backoffMs: 'number',
  backoffMaxMs: 'number',
  writeTimeoutMs: 'number',
  tolerance: ['none', 'data', 'all'],
  deadLetterTopic: 'text',
  deadLetterPartitions: 'number',
  retryTopics: 'texts',
  restart: ['always', 'never'],
  restartBackoffMs: 'number',
  restartBackoffMaxMs: 'number',
};

const sqliteShape: Shape = {
  path: 'text',
  table: 'text',
  mode: ['incrementing', 'timestamp+incrementing'],
  incrementingColumn: 'text',
  timestampColumn: 'text',
  key: 'text',
  batchSize: 'number',
  pollIntervalMs: 'number',
  follow: 'boolean',
};

const fileSinkShape: Shape = {
  path: 'text',
  directory: 'text',
  format: ['jsonl', 'csv'],
  columns: 'texts',
};

const sqliteSinkShape: Shape = {
  path: 'text',
  table: 'text',
  columns: 'texts',
  tombstones: ['delete', 'ignore', 'reject'],
};

const fileSourceShape: Shape = {
  path: 'text',
  format: ['text', 'jsonl', 'csv'],
  columns: 'texts',
  follow: 'boolean',
  key: 'text',
};

const mongodbSinkShape: Shape = {
  uri: 'text',
  clientOptions: 'fields',
  database: 'text',
  collection: 'text',
  namespaces: 'fields',
  id: 'any',
  write: ['replace', 'update', 'insert', 'delete'],
  businessKey: 'texts',
  tombstones: ['delete', 'ignore', 'reject'],
  guard: 'any',
  changeDataCapture: ['debezium', 'changeStream'],
  timeSeries: 'fields',
  timestamps: 'boolean',
  maxBatchSize: 'number',
  documentsPerSecond: 'number',
  writeConcern: 'fields',
  offsets: ['kafka', 'mongodb'],
  offsetsCollection: 'text',
};

const timeSeriesShape: Shape = {
  timeField: 'text',
  metaField: 'text',
  granularity: ['seconds', 'minutes', 'hours'],
  expireAfterSeconds: 'number',
};

const mongodbSourceShape: Shape = {
  uri: 'text',
  clientOptions: 'fields',
  database: 'text',
  collection: 'text',
  snapshot: 'boolean',
  format: ['document', 'envelope'],
  batchSize: 'number',
};

/** What the sections of a description may hold, by their paths (docs/reference/pipelines.md). */
export const shapes = {
  '': top,
  from: fromTopics,
  to: toTopic,
  errors: errorShape,
  'from.file': fileSourceShape,
  'from.mongodb': mongodbSourceShape,
  'from.sqlite': sqliteShape,
  'to.file': fileSinkShape,
  'to.mongodb': mongodbSinkShape,
  'to.mongodb.timeSeries': timeSeriesShape,
  'to.sqlite': sqliteSinkShape,
} as const satisfies Readonly<Record<string, Shape>>;
