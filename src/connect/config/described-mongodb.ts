import {
  type MongoSinkOptions,
  type MongoSourceOptions,
  mongodb,
  mongodbSource,
} from '../connectors/mongodb/index.js';
import type { Sink } from '../sink.js';
import type { Source } from '../source.js';
import { choice, invalid, section } from './section.js';
import { shapes } from './shapes.js';

const idNames = ['default', 'key', 'position', 'provided', 'value', 'uuid', 'objectId'];

/** `to: { mongodb: … }` */
export function mongodbFromDescription(path: string, value: unknown): Sink {
  const options = section(path, value, shapes['to.mongodb']);
  const { uri, id, guard } = options;
  if (uri === undefined) throw invalid(path, 'uri is missing, such as mongodb://localhost:27017.');
  if (id !== undefined) {
    const isFields = typeof id === 'object';
    const { value: fields } = choice(`${path}.id`, id, isFields ? ['key', 'value'] : idNames);
    const isList = Array.isArray(fields) && fields.every((each) => typeof each === 'string');
    if (isFields && !isList) throw invalid(`${path}.id`, 'a list of fields is wanted.');
  }
  if (options.timeSeries !== undefined) {
    section(`${path}.timeSeries`, options.timeSeries, shapes['to.mongodb.timeSeries']);
  }
  if (guard !== undefined && guard !== false && typeof guard !== 'string') {
    throw invalid(`${path}.guard`, 'the name of a field, or false, is wanted.');
  }
  return mongodb(options as MongoSinkOptions);
}

/** `from: { mongodb: … }` */
export function mongodbSourceFromDescription(path: string, value: unknown): Source {
  const options = section(path, value, shapes['from.mongodb']);
  for (const name of ['uri', 'database', 'collection']) {
    if (options[name] === undefined) throw invalid(path, `${name} is missing.`);
  }
  return mongodbSource(options as unknown as MongoSourceOptions);
}
