import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Broker } from '../../src/broker/index.js';
import { acceptedRange, handlers } from '../../src/broker/handlers/index.js';
import type { ApiName, RequestInput } from '../../src/protocol/index.js';
import { silentLogger } from '../../src/system/index.js';
import { memorySystem } from '../../src/system/simulated/index.js';
import { only, RawClient } from './raw-client.js';
import { asksOf } from './requests.js';

const system = memorySystem();
let broker: Broker;
let topicId = '';
const warnings: string[] = [];

beforeAll(async () => {
  broker = await Broker.start({
    listen: '127.0.0.1:0',
    data: 'memory',
    createTopics: { t: { partitions: 2 } },
    system,
    logger: { ...silentLogger, error: (message) => void warnings.push(message) },
  });
  const client = await RawClient.connect(system.net, broker.port);
  const { topics } = await client.send('Metadata', 12, { topics: [{ name: 't' }] });
  topicId = only(topics).topicId;
  client.close();
});
afterAll(() => broker.close());

describe('every version of every API is answered, whether it succeeds or fails', () => {
  for (const api of Object.keys(handlers) as ApiName[]) {
    test(api, async () => {
      const [from, to] = acceptedRange(api, '4.4') ?? [0, -1];
      const inputs = asksOf(topicId)[api] as
        | ((version: number) => readonly RequestInput<ApiName>[])
        | undefined;
      expect(inputs, `no requests for ${api}`).toBeDefined();
      for (let version = from; version <= to; version++) {
        for (const input of inputs?.(version) ?? []) {
          const client = await RawClient.connect(system.net, broker.port);
          const about = `${api} v${version}: ${warnings.at(-1) ?? ''}`;
          await client.post(api, version, input as never);
          const answer = await client.answer(api, version).catch((error: unknown) => error);
          expect(answer, about).not.toBeInstanceOf(Error);
          client.close();
        }
      }
    });
  }
});
