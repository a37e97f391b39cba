// Requests about share groups, sent over a plain socket, and what comes back with everything that
// differs from run to run (ids, ports) put aside. Used against Apache Kafka and against kafkit.
import { connect } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, sleep } from './environment.mjs';

const load = (room) => import(pathToFileURL(join(root, 'dist', room, 'index.js')).href);
const { Reader, Writer } = await load('bytes');
const protocol = await load('protocol');
const { RecordBatchBuilder } = await load('records');

class Connection {
  #socket;
  #bytes = Buffer.alloc(0);
  #waiting = [];
  #sent = 0;

  static open(address) {
    const [host, port] = address.split(':');
    return new Promise((done, fail) => {
      const socket = connect(Number(port), host, () => done(new Connection(socket)));
      socket.on('error', fail);
    });
  }

  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      while (this.#bytes.length >= 4 && this.#bytes.length >= 4 + this.#bytes.readInt32BE(0)) {
        const end = 4 + this.#bytes.readInt32BE(0);
        this.#waiting.shift()?.(this.#bytes.subarray(4, end));
        this.#bytes = this.#bytes.subarray(end);
      }
    });
    socket.on('close', () => {
      for (const tell of this.#waiting.splice(0)) tell(undefined);
    });
  }

  async ask(api, version, input) {
    const loaded = await protocol.loadApi(api);
    const writer = new Writer();
    const header = { apiKey: protocol.apis[api].key, apiVersion: version, clientId: 'raw' };
    const headerVersion = protocol.requestHeaderVersion(api, version);
    const correlationId = ++this.#sent;
    protocol.encodeRequestHeader(writer, { ...header, correlationId }, headerVersion);
    loaded.request(version).encode(writer, input);
    const body = Buffer.from(writer.bytes());
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length);
    const answer = new Promise((done) => this.#waiting.push(done));
    this.#socket.write(Buffer.concat([length, body]));
    const frame = await answer;
    if (frame === undefined) return 'closed';
    const reader = new Reader(frame);
    protocol.decodeResponseHeader(reader, protocol.responseHeaderVersion(api, version));
    return loaded.response(version).decode(reader);
  }

  close() {
    this.#socket.destroy();
  }
}

function batchOf(values) {
  const builder = new RecordBatchBuilder({});
  for (const value of values) {
    builder.append({ timestamp: Date.now(), key: null, value: Buffer.from(value) });
  }
  return Buffer.from(builder.build());
}

/** Field by field, without what no two brokers have in common. */
function comparable(value) {
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([name]) => !besides.has(name));
  return Object.fromEntries(fields.map(([name, field]) => [name, comparable(field)]));
}

const besides = new Set(['throttleTimeMs', 'topicId', 'unknownTags', 'groupEpoch']);

/** The lines that differ, each with both answers. */
export function differences(theirs, ours) {
  return theirs.flatMap((line, at) =>
    line === ours[at] ? [] : [`Apache: ${line}\nkafkit: ${ours[at] ?? 'nothing'}`],
  );
}

/** One script of requests; answers a line for each. */
export async function askAll(address) {
  const connection = await Connection.open(address);
  const lines = [];
  const note = (what, answer) => lines.push(`${what} → ${JSON.stringify(comparable(answer))}`);
  const run = process.hrtime.bigint().toString(36);
  const [topic, groupId] = [`asked-${run}`, `askers-${run}`];
  const wanted = { name: topic, numPartitions: 1, replicationFactor: 1 };
  const topics = [{ ...wanted, assignments: [], configs: [] }];
  const timeouts = { timeoutMs: 10_000, validateOnly: false };
  const created = await connection.ask('CreateTopics', 7, { topics, ...timeouts });
  const topicId = created.topics[0].topicId;
  const context = { connection, topic, topicId, groupId, note, lines };
  for (const key of [groupId, `${groupId}:${topicId}:0`]) {
    const keyType = key === groupId ? 0 : 2;
    for (let tries = 0; tries < 50; tries++) {
      const request = { keyType, coordinatorKeys: [key] };
      const { coordinators } = await connection.ask('FindCoordinator', 6, request);
      if (coordinators[0].errorCode === 0) break;
      await sleep(200);
    }
  }
  await produce(context, ['a', 'b', 'c']);
  await membership(context);
  await sessions(context);
  await acknowledgements(context);
  await offsets(context);
  connection.close();
  // Names that were made for this run only.
  return lines.map((line) => line.replaceAll(run, 'RUN'));
}

const produce = ({ connection, topic }, values) =>
  connection.ask('Produce', 9, {
    acks: -1,
    timeoutMs: 5000,
    topicData: [{ name: topic, partitionData: [{ index: 0, records: batchOf(values) }] }],
  });

const beat = ({ connection, groupId, topic }, changes) =>
  connection.ask('ShareGroupHeartbeat', 1, {
    groupId,
    memberId: 'm1',
    memberEpoch: 0,
    rackId: null,
    subscribedTopicNames: [topic],
    ...changes,
  });

async function configure({ connection, groupId }, name, value) {
  const configs = [{ name, configOperation: 0, value }];
  const resources = [{ resourceType: 32, resourceName: groupId, configs }];
  return (await connection.ask('IncrementalAlterConfigs', 1, { resources, validateOnly: false }))
    .responses[0];
}

async function membership(context) {
  const { note, connection, groupId } = context;
  note('no topics', await beat(context, { subscribedTopicNames: [] }));
  note('unknown group', await beat(context, { memberEpoch: 4 }));
  note('leaving an unknown group', await beat(context, { memberEpoch: -1 }));
  note('epoch -2', await beat(context, { memberEpoch: -2 }));
  note('earliest', await configure(context, 'share.auto.offset.reset', 'earliest'));
  note('odd reset', await configure(context, 'share.auto.offset.reset', 'by_duration:P-1D'));
  note('too many', await configure(context, 'share.delivery.count.limit', '11'));
  note('locks', await configure(context, 'share.record.lock.duration.ms', '14999'));
  await configure(context, 'share.assignment.interval.ms', '0');
  // Apache Kafka makes states between two heartbeats, kafkit within one.
  let answer = await beat(context, {});
  while (answer.memberEpoch < 3) {
    await sleep(200);
    const changes = { memberEpoch: answer.memberEpoch, subscribedTopicNames: null };
    answer = await beat(context, changes);
  }
  note('again from the start', await beat(context, {}));
  note('unchanged', await beat(context, { memberEpoch: 3, subscribedTopicNames: null }));
  note('epoch too high', await beat(context, { memberEpoch: 9 }));
  note('unknown member', await beat(context, { memberId: 'x', memberEpoch: 3 }));
  for (const id of [groupId, 'none']) {
    const groups = { groupIds: [id], includeAuthorizedOperations: true };
    note('described', await connection.ask('ShareGroupDescribe', 1, groups));
  }
  note('deleted', await connection.ask('DeleteGroups', 2, { groupsNames: [groupId] }));
}

const topicsOf = ({ topicId }, acks = []) => [
  {
    topicId,
    partitions: [
      {
        partitionIndex: 0,
        acknowledgementBatches: acks.map(([firstOffset, lastOffset, ...acknowledgeTypes]) => ({
          firstOffset,
          lastOffset,
          acknowledgeTypes,
        })),
      },
    ],
  },
];

const fetch = (context, shareSessionEpoch, changes = {}) =>
  context.connection.ask('ShareFetch', 2, {
    groupId: context.groupId,
    memberId: 'm1',
    shareSessionEpoch,
    maxWaitMs: 300,
    minBytes: 1,
    maxBytes: 1 << 20,
    maxRecords: 500,
    batchSize: 500,
    topics: shareSessionEpoch === 0 ? topicsOf(context) : [],
    forgottenTopicsData: [],
    ...changes,
  });

const acknowledge = (context, shareSessionEpoch, acks, changes = {}) =>
  context.connection.ask('ShareAcknowledge', 2, {
    groupId: context.groupId,
    memberId: 'm1',
    shareSessionEpoch,
    topics: topicsOf(context, acks),
    ...changes,
  });

const describe = (context) => {
  const groups = [{ groupId: context.groupId, topics: null }];
  return context.connection.ask('DescribeShareGroupOffsets', 1, { groups });
};

async function sessions(context) {
  const { note } = context;
  note('no session', await fetch(context, 3));
  note('acknowledged without one', await acknowledge(context, 3, [[0, 0, 1]]));
  note('acknowledged at 0', await acknowledge(context, 0, [[0, 0, 1]]));
  note('with acks at 0', await fetch(context, 0, { topics: topicsOf(context, [[0, 0, 1]]) }));
  note('session', await fetch(context, 0));
  note('nothing new', await fetch(context, 1));
  await produce(context, ['d', 'e', 'f', 'g']);
  note('something new', await fetch(context, 2));
  note('old epoch', await fetch(context, 2));
  note('no member', await fetch(context, 0, { memberId: '' }));
}

/** Goes on with the session at epoch 3. */
async function acknowledgements(context) {
  const { note } = context;
  const wrong = [
    [[0, 1, 9]],
    [[1, 3, 1, 1]],
    [[100, 101, 1]],
    [[6, 9, 1]],
    [[3, 2, 1]],
    [
      [1, 2, 1],
      [2, 3, 1],
    ],
    [
      [3, 3, 2],
      [1, 1, 2],
    ],
    [[1, 1, 4]],
  ];
  let epoch = 3;
  note('accepted', await acknowledge(context, epoch++, [[0, 0, 1]]));
  note('accepted again', await acknowledge(context, epoch++, [[0, 0, 1]]));
  for (const acks of wrong) {
    note(JSON.stringify(acks), await acknowledge(context, epoch++, acks));
  }
  const renewing = { isRenewAck: true };
  note('renewed', await acknowledge(context, epoch++, [[1, 1, 4]], renewing));
  note('renewed by a fetch', await fetch(context, epoch, renewing));
  note('mixed', await acknowledge(context, epoch++, [[1, 3, 1, 2, 3]]));
  note('offsets', await describe(context));
  note('released', await fetch(context, epoch++));
  note('gap', await acknowledge(context, epoch++, [[2, 2, 0]]));
  note('offsets', await describe(context));
  const other = { memberId: 'm2' };
  note('another', await fetch(context, 0, other));
  note('not the owner', await acknowledge(context, 1, [[4, 4, 1]], other));
  const last = { topics: topicsOf(context, [[4, 4, 1]]) };
  note('closed', await fetch(context, -1, last));
  note('another gets the rest', await fetch(context, 2, other));
  note('another closes', await acknowledge(context, -1, [[5, 5, 1]], other));
  note('offsets', await describe(context));
  const limit = { memberId: 'm3', maxRecords: 1, shareAcquireMode: 1 };
  note('one by one', await fetch(context, 0, limit));
  note('closed twice', await fetch(context, -1, limit));
  note('closed twice', await fetch(context, -1, limit));
}

async function offsets(context) {
  const { note, connection, groupId, topic } = context;
  const alter = (startOffset) => {
    const partitions = [{ partitionIndex: 0, startOffset }];
    const topics = [{ topicName: topic, partitions }];
    return connection.ask('AlterShareGroupOffsets', 0, { groupId, topics });
  };
  const forget = (topicName) =>
    connection.ask('DeleteShareGroupOffsets', 0, { groupId, topics: [{ topicName }] });
  note('set with members', await alter(2));
  note('forgotten with members', await forget(topic));
  note('left', await beat(context, { memberEpoch: -1 }));
  note('set', await alter(2));
  note('offsets', await describe(context));
  note('forgotten, unknown', await forget('none'));
  note('forgotten', await forget(topic));
  note('forgotten twice', await forget(topic));
  note('offsets', await describe(context));
  const names = { groupsNames: [groupId] };
  note('deleted', await connection.ask('DeleteGroups', 2, names));
  const groups = { groupIds: [groupId], includeAuthorizedOperations: false };
  note('described', await connection.ask('ShareGroupDescribe', 1, groups));
}
