import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Broker } from '../../src/broker/index.js';
import { acceptedRange, handlers } from '../../src/broker/handlers/index.js';
import { type ApiName, loadApi, type RequestInput } from '../../src/protocol/index.js';
import { silentLogger } from '../../src/system/index.js';
import { memorySystem, SeededRandom } from '../../src/system/simulated/index.js';
import { RawClient } from './raw-client.js';
import { asksOf } from './requests.js';

const system = memorySystem();
const failures: string[] = [];
const topicId = 'MDEyMzQ1Njc4OWFiY2RlZA';
let broker: Broker;

beforeAll(async () => {
  broker = await Broker.start({
    listen: '127.0.0.1:0',
    data: 'memory',
    createTopics: { t: { partitions: 2 } },
    system,
    logger: { ...silentLogger, error: (message) => void failures.push(message) },
  });
});
afterAll(() => broker.close());

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await new Promise<void>((resolve) => system.clock.soon(resolve));
  }
}

/** Changes, cuts or repeats some bytes behind key and version. */
function mutated(frame: Buffer, random: SeededRandom): Buffer {
  const bytes = Buffer.from(frame);
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    const at = 4 + random.below(Math.max(1, bytes.length - 4));
    const kind = random.below(4);
    if (kind === 0) bytes[at] = random.below(256);
    else if (kind === 1) bytes[at] = 0xff;
    else if (kind === 2) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    else return bytes.subarray(0, at);
  }
  return bytes;
}

describe('damaged requests', () => {
  for (const api of Object.keys(handlers) as ApiName[]) {
    test(`to ${api} are answered or close the connection; nothing else happens`, async () => {
      await loadApi(api);
      const random = new SeededRandom(20_261_121);
      const [from, to] = acceptedRange(api, '4.4') ?? [0, 0];
      const asks = asksOf(topicId)[api] as (version: number) => readonly RequestInput<ApiName>[];
      const clients: RawClient[] = [];
      for (let round = 0; round < 60; round++) {
        const version = from + random.below(to - from + 1);
        const inputs = asks(version);
        const client = await RawClient.connect(system.net, broker.port);
        const input = inputs[random.below(inputs.length)] as RequestInput<ApiName>;
        client.writeFrame(mutated(await client.encode(api, version, input as never), random));
        clients.push(client);
      }
      await turns(20);
      for (const client of clients) client.close();
      await turns(5);
      expect(failures).toEqual([]);
      const probe = await RawClient.connect(system.net, broker.port);
      expect((await probe.send('ApiVersions', 0, {})).errorCode).toBe(0);
      probe.close();
    });
  }
});
