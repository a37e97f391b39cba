import { Writer } from '../bytes/index.js';
import {
  type ApiName,
  encodeResponseHeader,
  type LoadedApi,
  responseHeaderVersion,
} from '../protocol/index.js';

/** A whole frame, length included, with the answer to one request. */
export function encodeAnswer(
  loaded: LoadedApi<ApiName>,
  version: number,
  correlationId: number,
  answer: object,
  capacity: number,
): Buffer {
  const writer = new Writer(capacity);
  writer.int32(0);
  const headerVersion = responseHeaderVersion(loaded.facts.name, version);
  encodeResponseHeader(writer, { correlationId }, headerVersion);
  // The handler of an API answers in the shape of that API.
  loaded.response(version).encode(writer, answer as never);
  writer.patchInt32(0, writer.position - 4);
  return writer.bytes();
}

/** Kafka's answer to an unknown version of ApiVersions: version 0, with its own range only. */
export function unknownApiVersions(range: readonly [from: number, to: number]): object {
  return {
    errorCode: 35,
    apiKeys: [{ apiKey: 18, minVersion: range[0], maxVersion: range[1] }],
  };
}
