import type { Reader, Writer } from '../bytes/index.js';
import { KafkaError } from '../errors/index.js';
import type { UnknownTag } from '../schema/index.js';
import { apiByKey, type ApiFacts, type ApiName, apis } from './apis.js';

/** What stands before the body of every request. */
export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
}

export interface RequestHeaderDecoded extends RequestHeader {
  /** 1, or 2 with tagged fields. */
  readonly headerVersion: number;
  readonly unknownTags?: readonly UnknownTag[] | undefined;
}

/** What stands before the body of every response. */
export interface ResponseHeader {
  readonly correlationId: number;
  readonly unknownTags?: readonly UnknownTag[] | undefined;
}

/**
 * The header version of a request: 2 from the first flexible version on, 1 before. A version that
 * nobody knows is read with the newest header (that is how Kafka reads ApiVersions of the future).
 */
export function requestHeaderVersion(api: ApiName, version: number): number {
  return headerVersionOf(apis[api], version);
}

function headerVersionOf(facts: ApiFacts, version: number): number {
  if (facts.flexible === null) return 1;
  const known = version >= 0 && version <= facts.versions[1];
  return known && version < facts.flexible ? 1 : 2;
}

/**
 * The header version of a response: 1 from the first flexible version on, 0 before; always 0 for
 * ApiVersions, whose answer must be readable before anything is agreed (KIP-511).
 */
export function responseHeaderVersion(api: ApiName, version: number): number {
  return api === 'ApiVersions' ? 0 : headerVersionOf(apis[api], version) - 1;
}

/** Writes a request header. The client id keeps its two-byte length even in version 2. */
export function encodeRequestHeader(
  writer: Writer,
  header: RequestHeader,
  headerVersion: number,
): void {
  writer.int16(header.apiKey);
  writer.int16(header.apiVersion);
  writer.int32(header.correlationId);
  if (header.clientId === null) {
    writer.int16(-1);
  } else {
    const length = Buffer.byteLength(header.clientId);
    if (length > 0x7fff) {
      throw new KafkaError('INVALID_ARGUMENT', `A client id of ${length} bytes is too long.`);
    }
    writer.int16(length);
    writer.utf8(header.clientId, length);
  }
  if (headerVersion >= 2) writer.uvarint(0);
}

/**
 * Reads a request header; fails with INVALID_REQUEST for a key that no broker knows, where Kafka
 * closes the connection. Whether the version is served is for the caller to say. The version of
 * the header itself follows from key and version unless it is given.
 */
export function decodeRequestHeader(reader: Reader, version?: number): RequestHeaderDecoded {
  const apiKey = reader.int16();
  const apiVersion = reader.int16();
  const facts = apiByKey(apiKey);
  if (facts === undefined) {
    throw new KafkaError('INVALID_REQUEST', `There is no API with the key ${apiKey}.`);
  }
  const headerVersion = version ?? headerVersionOf(facts, apiVersion);
  const correlationId = reader.int32();
  const length = reader.int16();
  const clientId = length < 0 ? null : reader.utf8(length);
  const header = { apiKey, apiVersion, correlationId, clientId, headerVersion };
  const unknownTags = headerVersion >= 2 ? readTags(reader) : undefined;
  return unknownTags === undefined ? header : { ...header, unknownTags };
}

export function encodeResponseHeader(
  writer: Writer,
  header: ResponseHeader,
  headerVersion: number,
): void {
  writer.int32(header.correlationId);
  if (headerVersion < 1) return;
  const tags = header.unknownTags ?? [];
  writer.uvarint(tags.length);
  for (const { tag, data } of tags) {
    writer.uvarint(tag);
    writer.uvarint(data.length);
    writer.raw(data);
  }
}

export function decodeResponseHeader(reader: Reader, headerVersion: number): ResponseHeader {
  const correlationId = reader.int32();
  const unknownTags = headerVersion >= 1 ? readTags(reader) : undefined;
  return unknownTags === undefined ? { correlationId } : { correlationId, unknownTags };
}

/** No header has known tags; more than this many unknown ones are not a header. */
const headerTagsMax = 1024;

function readTags(reader: Reader): readonly UnknownTag[] | undefined {
  const count = reader.uvarint();
  if (count === 0) return undefined;
  if (count > headerTagsMax) {
    throw new KafkaError('MALFORMED_MESSAGE', `A header with ${count} tagged fields is none.`);
  }
  const tags: UnknownTag[] = [];
  for (let at = 0; at < count; at++) {
    const tag = reader.uvarint();
    tags.push({ tag, data: reader.bytes(reader.uvarint()) });
  }
  return tags;
}
