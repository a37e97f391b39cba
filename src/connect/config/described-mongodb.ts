import {
  type MongoSinkOptions,
  type MongoSourceOptions,
  mongodb,
  mongodbSource,
} from '../connectors/mongodb/index.js';
import type { Sink } from '../sink.js';
import type { Source } from '../source.js';
import { choice, invalid, section, type Shape } from './section.js';

const sinkShape: Shape = {
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

const sourceShape: Shape = {
  uri: 'text',
  clientOptions: 'fields',
  database: 'text',
  collection: 'text',
  snapshot: 'boolean',
  format: ['document', 'envelope'],
  batchSize: 'number',
};

const idNames = ['default', 'key', 'position', 'provided', 'value', 'uuid', 'objectId'];

/** `to: { mongodb: … }` */
export function mongodbFromDescription(path: string, value: unknown): Sink {
  const options = section(path, value, sinkShape);
  const { uri, id, guard } = options;
  if (uri === undefined) throw invalid(path, 'uri is missing, such as mongodb://localhost:27017.');
  if (id !== undefined) {
    const isFields = typeof id === 'object';
    const { value: fields } = choice(`${path}.id`, id, isFields ? ['key', 'value'] : idNames);
    const isList = Array.isArray(fields) && fields.every((each) => typeof each === 'string');
    if (isFields && !isList) throw invalid(`${path}.id`, 'a list of fields is wanted.');
  }
  if (options.timeSeries !== undefined) {
    section(`${path}.timeSeries`, options.timeSeries, timeSeriesShape);
  }
  if (guard !== undefined && guard !== false && typeof guard !== 'string') {
    throw invalid(`${path}.guard`, 'the name of a field, or false, is wanted.');
  }
  return mongodb(options as MongoSinkOptions);
}

/** `from: { mongodb: … }` */
export function mongodbSourceFromDescription(path: string, value: unknown): Source {
  const options = section(path, value, sourceShape);
  for (const name of ['uri', 'database', 'collection']) {
    if (options[name] === undefined) throw invalid(path, `${name} is missing.`);
  }
  return mongodbSource(options as unknown as MongoSourceOptions);
}
