import { isKafkaError, KafkaError } from '../../errors/index.js';
import { environmentVariable, type System } from '../../system/index.js';
import { pipeline } from '../pipeline.js';
import type { PipelineOptions } from '../pipeline-options.js';
import type { Sink } from '../sink.js';
import type { Source } from '../source.js';
import type { Transform } from '../transform.js';
import { converterOf, namedTransform } from './named-transforms.js';
import { locatorOf } from './positions.js';
import { choice, invalid, placed, placeOfMistake, section } from './section.js';
import { shapes } from './shapes.js';
import { substituted } from './substitution.js';

/** A pipeline as a file describes it, checked. */
export interface PipelineDescription {
  readonly options: PipelineOptions;
  /** Where to answer for its health, `host:port`; undefined for nowhere. */
  readonly http: string | undefined;
}

export interface DescriptionContext {
  readonly system: System;
  /** What `to: stdout` writes to. */
  readonly stdout?: ((text: string) => Promise<void> | undefined) | undefined;
  /** What `from: stdin` reads. */
  readonly stdin?: (() => AsyncIterable<Uint8Array>) | undefined;
}

/** Reads text as JSON or, where the file's name says so, as YAML. */
export async function parseDescription(text: string, fileName: string): Promise<unknown> {
  const isYaml = /\.ya?ml$/.test(fileName);
  if (!isYaml) {
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      throw unreadable(fileName, cause, text);
    }
  }
  const { parse } = await import('yaml').catch((cause: unknown) => {
    throw new KafkaError('PACKAGE_MISSING', 'The package yaml is not installed.', {
      cause,
      hint: 'Install it (npm install yaml), or write the pipeline as JSON.',
    });
  });
  try {
    return parse(text) as unknown;
  } catch (cause) {
    throw unreadable(fileName, cause);
  }
}

/**
 * Reads, checks and makes options of the text of a file. Mistakes are told with the file's name,
 * line and column: `numtest.yaml:3:14: to.mongodb: there is no "colection"; …`.
 */
export async function readDescription(
  text: string,
  fileName: string,
  context: DescriptionContext,
): Promise<PipelineDescription> {
  const parsed = await parseDescription(text, fileName);
  try {
    const described = await describedPipeline(parsed, context);
    // Numbers, and options that contradict each other, are looked at here.
    pipeline(described.options);
    return described;
  } catch (error) {
    if (!isKafkaError(error, 'INVALID_ARGUMENT')) throw error;
    const place = placeOfMistake(error);
    const found = place === undefined ? undefined : (await locatorOf(text))(place);
    const at = found === undefined ? fileName : `${fileName}:${found.line}:${found.column}`;
    const { context: about, cause } = error;
    throw new KafkaError('INVALID_ARGUMENT', `${at}: ${error.message}`, { ...about, cause });
  }
}

/**
 * Checks a description and makes options of it. Every mistake is INVALID_ARGUMENT with the path
 * and what is wanted there.
 */
export async function describedPipeline(
  description: unknown,
  context: DescriptionContext,
): Promise<PipelineDescription> {
  const { disk } = context.system;
  const filled = substituted(description, {
    env: environmentVariable,
    file: (path) => disk.readFile(path).toString('utf8'),
  });
  const { from, to, via, errors, http, ...rest } = section('', filled, shapes['']);
  if (from === undefined) throw invalid('', '"from" is missing: where records come from.');
  if (to === undefined) throw invalid('', '"to" is missing: where records go.');
  const transforms: Transform[] = [];
  for (const [at, each] of ((via ?? []) as unknown[]).entries()) {
    const place = `via[${at}]`;
    transforms.push(await placed(place, () => namedTransform(place, each)));
  }
  const common = {
    ...rest,
    ...(errors === undefined ? {} : { errors: section('errors', errors, shapes.errors) }),
  };
  const isFromTopics = !isChoice(from, sources);
  const options = isFromTopics
    ? {
        ...common,
        ...topicsFrom(from, transforms),
        to:
          isChoice(to, ['topic']) && typeof to !== 'string'
            ? targetTopic(to)
            : await sinkOf(to, context),
      }
    : {
        ...common,
        via: transforms,
        from: await sourceOf(from, context),
        to: targetTopic(to),
      };
  return { options: options as unknown as PipelineOptions, http: http as string | undefined };
}

const sinks = ['mongodb', 'file', 'sqlite', 'stdout'] as const;
const sources = ['file', 'stdin', 'mongodb', 'sqlite'] as const;

/** Whether a section names one of these instead of topics. */
function isChoice(value: unknown, names: readonly string[]): boolean {
  if (typeof value === 'string') return true;
  if (typeof value !== 'object' || value === null) return false;
  return names.some((name) => name in value);
}

function topicsFrom(from: unknown, transforms: readonly Transform[]) {
  const { topics, topicsPattern, keyFormat, valueFormat, ...others } = section(
    'from',
    from,
    shapes.from,
  );
  if ((topics === undefined) === (topicsPattern === undefined)) {
    throw invalid('from', 'either topics or topicsPattern is wanted.');
  }
  const converters: Transform[] = [];
  if (keyFormat !== undefined) converters.push(converterOf(keyFormat, 'key'));
  if (valueFormat !== undefined) converters.push(converterOf(valueFormat, 'value'));
  const pattern = () => {
    try {
      return new RegExp(topicsPattern as string);
    } catch (error) {
      throw invalid('from.topicsPattern', error instanceof Error ? error.message : 'no pattern');
    }
  };
  return {
    from: { ...others, topics: topics ?? pattern() },
    via: [...converters, ...transforms],
  };
}

function targetTopic(to: unknown) {
  const target = section('to', to, shapes.to);
  if (target.topic === undefined) throw invalid('to', 'topic is missing.');
  return target;
}

async function sinkOf(to: unknown, context: DescriptionContext): Promise<Sink> {
  const { name, value } = choice('to', to, sinks);
  return placed(`to.${name}`, () => namedSink(name, value, context));
}

async function namedSink(
  name: string,
  value: unknown,
  { stdout }: DescriptionContext,
): Promise<Sink> {
  if (name === 'mongodb') {
    const { mongodbFromDescription } = await import('./described-mongodb.js');
    return mongodbFromDescription('to.mongodb', value);
  }
  if (name === 'file') {
    const { file } = await import('../connectors/file/index.js');
    return file(section('to.file', value, shapes['to.file']));
  }
  if (name === 'sqlite') {
    const { sqlite } = await import('../connectors/sqlite/index.js');
    const options = section('to.sqlite', value, shapes['to.sqlite']);
    if (options.path === undefined) throw invalid('to.sqlite', 'path is missing.');
    return sqlite(options as unknown as { path: string });
  }
  const { lines } = await import('../connectors/lines.js');
  section('to.stdout', value, {});
  if (stdout === undefined) throw invalid('to', 'there is no stdout here.');
  return lines(stdout);
}

async function sourceOf(from: unknown, context: DescriptionContext): Promise<Source> {
  const { name, value } = choice('from', from, sources);
  return placed(`from.${name}`, () => namedSource(name, value, context));
}

async function namedSource(
  name: string,
  value: unknown,
  { stdin }: DescriptionContext,
): Promise<Source> {
  if (name === 'mongodb') {
    const { mongodbSourceFromDescription } = await import('./described-mongodb.js');
    return mongodbSourceFromDescription('from.mongodb', value);
  }
  if (name === 'file') {
    const { fileSource } = await import('../connectors/file/index.js');
    const options = section('from.file', value, shapes['from.file']);
    if (options.path === undefined) throw invalid('from.file', 'path is missing.');
    return fileSource(options as { path: string });
  }
  if (name === 'sqlite') {
    const { sqliteSource } = await import('../connectors/sqlite/index.js');
    const options = section('from.sqlite', value, shapes['from.sqlite']);
    for (const each of ['path', 'table']) {
      if (options[each] === undefined) throw invalid('from.sqlite', `${each} is missing.`);
    }
    return sqliteSource(options as unknown as Parameters<typeof sqliteSource>[0]);
  }
  const { linesSource } = await import('../connectors/lines.js');
  section('from.stdin', value, {});
  if (stdin === undefined) throw invalid('from', 'there is no stdin here.');
  return linesSource(stdin());
}

function unreadable(fileName: string, cause: unknown, text = ''): KafkaError {
  const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
  // JSON.parse counts characters; editors show lines.
  const told = reason.replace(/ at position (\d+)$/, (_, position: string) => {
    const lines = text.slice(0, Number(position)).split('\n');
    return ` at line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`;
  });
  const message = `${fileName} cannot be read: ${told.replace(/:$/, '')}`;
  return new KafkaError('INVALID_ARGUMENT', message, { cause });
}
