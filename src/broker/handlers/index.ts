import type { ApiName } from '../../protocol/index.js';
import type { HandlerEntry, HandlerTable } from './handler.js';

/** Every API the broker serves. ApiVersions is derived from this table. */
export const handlers: HandlerTable = {};

/** The entry of an API, or undefined when it is not served. */
export function handlerOf<A extends ApiName>(api: A): HandlerEntry<A> | undefined {
  return handlers[api] as HandlerEntry<A> | undefined;
}
