/**
 * MongoDB: topics into collections. Knows documents, ids, the offset guard and how servers report
 * (and misreport) what they did. Knows nothing of consumers and commits.
 */
export type { ChangeDataCapture } from './change-events.js';
export { mongodb } from './mongodb-sink.js';
export { mongodbSource, type MongoSourceOptions } from './mongodb-source.js';
export type {
  IdStrategy,
  MongoOperation,
  MongoSinkOptions,
  WriteFunction,
  WriteTarget,
} from './mongodb-options.js';
export type { TimeSeriesOptions } from './time-series.js';
