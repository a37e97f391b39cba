import { KafkaError } from '../errors/index.js';
import { type Codec, codec } from '../schema/index.js';
import {
  definitions,
  type MessagePair,
  type RequestDecoded,
  type RequestInput,
  type ResponseDecoded,
  type ResponseInput,
} from './api-messages.js';
import { type ApiFacts, type ApiName, apis } from './apis.js';
import { type LegacyApiName, legacyDefinitions } from './legacy/index.js';

/** An API whose messages are in memory. */
export interface LoadedApi<A extends ApiName = ApiName> {
  readonly facts: ApiFacts;
  /** The codec of a version of the request; fails with UNSUPPORTED_VERSION outside the range. */
  request(version: number): Codec<RequestInput<A>, RequestDecoded<A>>;
  /** The codec of a version of the response. */
  response(version: number): Codec<ResponseInput<A>, ResponseDecoded<A>>;
}

type Entry = { readonly messages: MessagePair; readonly api: LoadedApi<ApiName> };

const loaded = new Map<ApiName, Entry>();
const loading = new Map<string, Promise<unknown>>();
const legacy = new Map<ApiName, MessagePair>();

/** Loads the messages of an API, once. */
export function loadApi<A extends ApiName>(name: A): Promise<LoadedApi<A>> {
  return once(name, () =>
    definitions[name]().then((messages) => {
      const api = loadedFrom(name, messages);
      loaded.set(name, { messages, api });
      return api;
    }),
  ) as Promise<LoadedApi<A>>;
}

/** The API when its messages are in memory already. */
export function loadedApi<A extends ApiName>(name: A): LoadedApi<A> | undefined {
  return loaded.get(name)?.api as LoadedApi<A> | undefined;
}

/**
 * Loads an API together with its versions from before Kafka 4 (`facts.legacyVersions`). From then
 * on `request` and `response` answer for these too. A legacy request decodes to the shape of the
 * modern one, with defaults for what it lacks; a legacy response leaves out what it cannot say.
 */
export function loadLegacy<A extends LegacyApiName>(name: A): Promise<LoadedApi<A>> {
  return once(`${name} legacy`, () =>
    Promise.all([loadApi(name), legacyDefinitions[name]()]).then(([api, messages]) => {
      legacy.set(name, messages);
      return api;
    }),
  ) as Promise<LoadedApi<A>>;
}

function once(key: string, load: () => Promise<unknown>): Promise<unknown> {
  let promise = loading.get(key);
  if (promise === undefined) {
    promise = load();
    loading.set(key, promise);
    // A failed import is not remembered; the caller sees the failure through `promise` itself.
    promise.catch(() => loading.delete(key));
  }
  return promise;
}

function loadedFrom(name: ApiName, messages: MessagePair): LoadedApi<ApiName> {
  const facts: ApiFacts = apis[name];
  const pairFor = (version: number): MessagePair => {
    if (version >= facts.versions[0] || facts.legacyVersions === null) return messages;
    const found = legacy.get(name);
    if (found !== undefined) return found;
    throw new KafkaError(
      'UNSUPPORTED_VERSION',
      `${name} has the versions ${facts.versions.join(' to ')}, not ${version}.`,
      { api: name },
    );
  };
  return {
    facts,
    request: (version) => codec(pairFor(version)[0], version) as Codec<never, never>,
    response: (version) => codec(pairFor(version)[1], version) as Codec<never, never>,
  };
}
