import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { errorCodeOf } from '../../../errors/index.js';
import { encodeAssignment, encodeSubscription } from '../../../protocol/internal/index.js';
import type { LogRecord } from '../runtime/machine.js';
import { Outcome, type Ticket } from '../runtime/outcome.js';
import { TimerTable } from '../runtime/timer-table.js';
import type { HashedTopic } from './consumer/metadata-hash.js';
import { type GroupConfig, groupConfigDefaults } from './group-config.js';
import { GroupMachine } from './group-machine.js';
import { groupRecordCodec } from './group-record-codec.js';
import type { GroupRecord } from './group-records.js';
import type { StreamsHeartbeat } from './streams/streams-messages.js';
import type { Topology } from './streams/topology.js';

/**
 * Scripts with recorded output, in `testdata/`: a command, a line `----`, what came of it, an
 * empty line. `KAFKIT_REWRITE=1` records anew what is there; read the difference before
 * committing it.
 *
 * Over 400 lines because all words of the scripts, and of what is printed, are read here.
 */
const folder = fileURLToPath(new URL('testdata/', import.meta.url));

describe('the group machine says what was recorded in', () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.txt'))) {
    test(file, () => {
      const script = readFileSync(join(folder, file), 'utf8');
      const played = play(script);
      if (process.env.KAFKIT_REWRITE === '1') writeFileSync(join(folder, file), played);
      else expect(played).toBe(script);
    });
  }
});

/** Plays a script and gives it back with the output of now. */
function play(script: string): string {
  const stage = new Stage();
  const out: string[] = [];
  let isOutput = false;
  for (const line of script.split('\n')) {
    if (line === '----') isOutput = true;
    else if (line === '') isOutput = false;
    else if (line.startsWith('#') && !isOutput) out.push(line, '');
    else if (!isOutput) out.push(line, '----', ...stage.run(line), '');
  }
  return out.join('\n');
}

type Options = Map<string, string>;
type Run = (outcome: Outcome<GroupRecord>, ticket: Ticket<never>) => void;

/** A machine with a clock of its own and a list for a log. */
class Stage {
  #config: GroupConfig = groupConfigDefaults;
  #log: LogRecord[] = [];
  #elapsed = 0;
  #uuids = 0;
  #requests = 0;
  #timers = new TimerTable<GroupRecord>();
  readonly #topics = new Map<string, HashedTopic>();
  #topicsVersion = 0;
  #machine = this.#newMachine();

  run(line: string): string[] {
    const [command = '', ...words] = line.split(/\s+/);
    const options: Options = new Map();
    const names: string[] = [];
    for (const word of words) {
      const at = word.indexOf('=');
      if (at < 0) names.push(word);
      else options.set(word.slice(0, at), word.slice(at + 1));
    }
    const [group = ''] = names;
    if (command === 'config') return this.#configure(options);
    if (command === 'advance') return this.#advance(Number(group));
    if (command === 'restart') return this.#restart();
    if (command === 'topic') return this.#topic(group, options);
    if (command === 'pending') return this.#pending(group, options);
    if (command === 'marker') {
      this.#machine.replayMarker(Number(options.get('pid')), group === 'commit');
      return ['ok'];
    }
    const run = this.#request(command, group === '""' ? '' : group, options, names);
    this.#requests += 1;
    const number = this.#requests;
    const lines = this.#execute((outcome) => run(outcome, { number }));
    const isAnswered = lines.some((text) => text.startsWith(`#${number}:`));
    return isAnswered ? lines : [`#${number} waits`, ...lines];
  }

  #newMachine(): GroupMachine {
    const newUuid = () => String(++this.#uuids);
    const catalog = {
      version: () => this.#topicsVersion,
      byName: (name: string) => this.#topics.get(name),
      byId: (id: string) => [...this.#topics.values()].find((topic) => topic.id === id),
      names: () => this.#topics.keys(),
    };
    const config = this.#config;
    const surroundings = { newMemberId: newUuid, catalog, timesOf: () => ({}) };
    return new GroupMachine({ timers: this.#timers, config, newUuid, ...surroundings });
  }

  #configure(options: Options): string[] {
    for (const [name, value] of options) {
      const [room, field] = name.split('.');
      if (room === 'streams' && field !== undefined) {
        const streams = { ...this.#config.streams, [field]: Number(value) };
        this.#config = { ...this.#config, streams };
      } else if (room === 'consumer' && field !== undefined) {
        const consumer = {
          ...this.#config.consumer,
          [field]: Number.isNaN(Number(value)) ? value : Number(value),
        };
        this.#config = { ...this.#config, consumer };
      } else {
        this.#config = { ...this.#config, [name]: Number(value) };
      }
    }
    return this.#restart();
  }

  /** Creates a topic, gives it more partitions, or takes it away (`partitions=0`). */
  #topic(name: string, options: Options): string[] {
    const partitionCount = Number(options.get('partitions') ?? 1);
    this.#topicsVersion += 1;
    if (partitionCount === 0) this.#topics.delete(name);
    else this.#topics.set(name, { name, id: topicIdOf(name), partitionCount });
    return ['ok'];
  }

  /** What is in the log, as bytes, becomes a new machine. */
  #restart(): string[] {
    this.#timers = new TimerTable<GroupRecord>();
    this.#timers.setNow(this.#elapsed);
    this.#machine = this.#newMachine();
    for (const bytes of this.#log) {
      const record = groupRecordCodec.decode(bytes);
      if (record !== undefined) this.#machine.replay(record);
    }
    return this.#execute((outcome) => this.#machine.loaded(outcome, this.#elapsed), 'ok');
  }

  #pending(group: string, options: Options): string[] {
    for (const { topic, partition, offset, metadata } of offsetsIn(options)) {
      const value = {
        offset,
        leaderEpoch: -1,
        metadata,
        commitTimestamp: this.#elapsed,
        expireTimestamp: undefined,
        topicId: undefined,
      };
      const producer = { producerId: Number(options.get('pid')), producerEpoch: 0 };
      this.#machine.replay({ kind: 'offset', groupId: group, topic, partition, value }, producer);
    }
    return ['ok'];
  }

  #advance(ms: number): string[] {
    const lines: string[] = [];
    const target = this.#elapsed + ms;
    for (;;) {
      const next = this.#timers.earliest();
      if (next === undefined || next > target) break;
      this.#elapsed = Math.max(this.#elapsed, next);
      this.#timers.setNow(this.#elapsed);
      const due = this.#timers.takeDue();
      if (due === undefined) continue;
      const came = this.#execute((outcome) => due(outcome, this.#elapsed));
      if (came.length > 0) lines.push(`at ${this.#elapsed}`, ...came);
    }
    this.#elapsed = target;
    return lines.length > 0 ? lines : ['nothing happens'];
  }

  /** As the runtime does it: records, replay, answers. */
  #execute(operation: (outcome: Outcome<GroupRecord>) => void, nothing?: string): string[] {
    this.#timers.setNow(this.#elapsed);
    const outcome = new Outcome<GroupRecord>();
    operation(outcome);
    const lines: string[] = [];
    for (const { record, noted } of outcome.records) {
      this.#log.push(groupRecordCodec.encode(record));
      if (!noted) this.#machine.replay(record);
      lines.push(recordText(record));
    }
    for (const { to, response } of outcome.answers) lines.push(`#${to.number}: ${text(response)}`);
    return lines.length === 0 && nothing !== undefined ? [nothing] : lines;
  }

  #request(command: string, groupId: string, options: Options, names: string[]): Run {
    const { joining, membership, offsets, directory, consumers, streams } = this.#machine;
    const now = this.#elapsed;
    const memberId = options.get('id') ?? '';
    const groupInstanceId = options.get('instance') ?? null;
    const number = (name: string, otherwise: number) => Number(options.get(name) ?? otherwise);
    const topics = topicsIn(options);
    const common = { groupId, memberId, groupInstanceId };
    const commands: Record<string, Run> = {
      join: (outcome, ticket) =>
        joining.join(
          {
            ...common,
            sessionTimeoutMs: number('session', 10_000),
            rebalanceTimeoutMs: number('rebalance', 20_000),
            protocolType: options.get('type') ?? 'consumer',
            protocols: protocolsIn(options.get('protocols') ?? 'range:@t1'),
          },
          { clientId: 'c', clientHost: '/127.0.0.1', version: number('version', 9) },
          ticket,
          outcome,
          now,
        ),
      sync: (outcome, ticket) => {
        const protocolType = options.get('type') ?? null;
        const protocolName = options.get('protocol') ?? null;
        const assignments = pairs(options.get('assign')).map(([id, what]) => ({
          memberId: id,
          assignment: assignmentIn(what),
        }));
        const request = { ...common, generationId: number('gen', 1), protocolType, protocolName };
        membership.sync({ ...request, assignments }, ticket, outcome, now);
      },
      heartbeat: (outcome, ticket) =>
        membership.heartbeat({ ...common, generationId: number('gen', 1) }, ticket, outcome),
      leave: (outcome, ticket) => {
        const members = names.slice(1).map((name) => {
          const [id = '', instance] = name.split('/');
          return { memberId: id, groupInstanceId: instance ?? null };
        });
        membership.leave({ groupId, members }, ticket, outcome, now);
      },
      commit: (outcome, ticket) => {
        const request = {
          ...common,
          generationIdOrMemberEpoch: number('gen', -1),
          retentionTimeMs: number('retention', -1),
          topics,
        };
        offsets.commit(request, number('version', 9), ticket, outcome, now);
      },
      fetch: (outcome, ticket) => {
        const requireStable = options.has('stable');
        const asked = options.has('offsets') ? topics : null;
        const who = { memberId: options.get('id') ?? null, memberEpoch: number('epoch', -1) };
        const request = { groupId, ...who, requireStable };
        offsets.fetch({ ...request, topics: asked }, ticket, outcome);
      },
      beat: (outcome, ticket) => {
        const isJoining = number('epoch', 0) === 0;
        const owned = options.get('owned') ?? (isJoining ? '' : undefined);
        const names = options.get('topics') ?? (isJoining && !options.has('regex') ? 't1' : null);
        const request = {
          groupId,
          memberId,
          memberEpoch: number('epoch', 0),
          instanceId: groupInstanceId,
          rackId: options.get('rack') ?? null,
          rebalanceTimeoutMs: number('rebalance', isJoining ? 20_000 : -1),
          subscribedTopicNames: names?.split('+').filter((topic) => topic !== '') ?? null,
          subscribedTopicRegex: options.get('regex') ?? null,
          serverAssignor: options.get('assignor') ?? null,
          topicPartitions: owned === undefined ? null : ownedIn(owned),
        };
        const origin = { clientId: 'c', clientHost: '/127.0.0.1', version: number('version', 1) };
        consumers.membership.heartbeat(request, origin, ticket, outcome, now);
      },
      streams: (outcome, ticket) => {
        const request = streamsHeartbeatIn(groupId, memberId, options);
        const origin = { clientId: 'c', clientHost: '/127.0.0.1', version: 1 };
        streams.membership.heartbeat(request, origin, ticket, outcome, now);
      },
      'describe-streams': (outcome, ticket) =>
        outcome.answer(ticket, streams.describe(groupId) as never),
      'describe-consumers': (outcome, ticket) =>
        outcome.answer(ticket, consumers.describe(groupId) as never),
      'delete-offsets': (outcome, ticket) => offsets.delete({ groupId, topics }, ticket, outcome),
      describe: (outcome, ticket) => directory.describe(groupId, ticket, outcome),
      delete: (outcome, ticket) => directory.delete(groupId, ticket, outcome),
      forget: (outcome, ticket) => directory.forgetTopic(groupId, ticket, outcome),
      list: (outcome, ticket) => {
        const words = (name: string) => options.get(name)?.split(',') ?? [];
        directory.list({ states: words('states'), types: words('types') }, ticket, outcome);
      },
    };
    const run = commands[command];
    if (run === undefined) throw new Error(`no such command: ${command}`);
    return run;
  }
}

function pairs(list: string | undefined): [string, string][] {
  return (list ?? '').split(',').flatMap((pair) => {
    const [name = '', value = ''] = pair.split(':');
    return name === '' ? [] : [[name, value]];
  });
}

/**
 * `range:@t1+t2` is a consumer's subscription to t1 and t2, `range:@t1;t1/0+1` one that also says
 * what it owns; anything else is the bytes themselves.
 */
function protocolsIn(list: string) {
  return pairs(list).map(([name, metadata]) => ({
    name,
    metadata: metadata.startsWith('@') ? subscription(metadata.slice(1)) : Buffer.from(metadata),
  }));
}

function subscription(text: string): Buffer {
  const [topics = '', owned] = text.split(';');
  const names = topics.split('+');
  if (owned === undefined) return encodeSubscription(0, { topics: names });
  const ownedPartitions = owned === '' ? [] : [partitionsIn(owned)];
  return encodeSubscription(3, { topics: names, ownedPartitions });
}

/** `@t1/0+1` are two partitions assigned, anything else the bytes themselves. */
function assignmentIn(text: string): Buffer {
  if (!text.startsWith('@')) return Buffer.from(text);
  return encodeAssignment(1, { assignedPartitions: [partitionsIn(text.slice(1))] });
}

function partitionsIn(text: string) {
  const [topic = '', partitions = ''] = text.split('/');
  return { topic, partitions: partitions.split('+').map(Number) };
}

/** `t1/0:5:meta` is offset 5 with the text `meta` for partition 0 of t1; `*4097` is a long text. */
function offsetsIn(options: Options) {
  return (options.get('offsets') ?? '').split(',').flatMap((one) => {
    const [where = '', offset = '0', metadata = ''] = one.split(':');
    const [topic = '', partition = '0'] = where.split('/');
    const long = metadata.startsWith('*') ? 'x'.repeat(Number(metadata.slice(1))) : metadata;
    const entry = { topic, partition: Number(partition), offset: Number(offset), metadata: long };
    return topic === '' ? [] : [entry];
  });
}

const internal = (name: string, partitions = 0) => ({
  name,
  partitions,
  replicationFactor: 0,
  topicConfigs: [{ key: 'cleanup.policy', value: 'compact' }],
});

const part = (subtopologyId: string, has: Partial<Topology['subtopologies'][number]>) => ({
  subtopologyId,
  sourceTopics: [],
  sourceTopicRegex: [],
  stateChangelogTopics: [],
  repartitionSinkTopics: [],
  repartitionSourceTopics: [],
  copartitionGroups: [],
  ...has,
});

/** Applications of Kafka Streams, by name. */
const topologies: Readonly<Record<string, Topology['subtopologies']>> = {
  plain: [part('0', { sourceTopics: ['t1'] })],
  count: [
    part('0', { sourceTopics: ['t1'], repartitionSinkTopics: ['r'] }),
    part('1', {
      repartitionSourceTopics: [internal('r')],
      stateChangelogTopics: [internal('s')],
    }),
  ],
  join: [
    part('0', {
      sourceTopics: ['t1', 't2'],
      stateChangelogTopics: [internal('s')],
      copartitionGroups: [
        { sourceTopics: [0, 1], sourceTopicRegex: [], repartitionSourceTopics: [] },
      ],
    }),
  ],
  fixed: [
    part('0', { sourceTopics: ['t2'], repartitionSinkTopics: ['r'] }),
    part('1', {
      sourceTopics: ['t1'],
      repartitionSourceTopics: [internal('r', 3)],
      copartitionGroups: [
        { sourceTopics: [0], sourceTopicRegex: [], repartitionSourceTopics: [0] },
      ],
    }),
  ],
  loop: [part('0', { repartitionSinkTopics: ['r'], repartitionSourceTopics: [internal('r')] })],
  nothing: [part('0', { stateChangelogTopics: [internal('s')] })],
  sized: [part('0', { sourceTopics: ['t1'], stateChangelogTopics: [internal('s', 2)] })],
  regex: [part('0', { sourceTopicRegex: ['t.*'] })],
};

/** `0:0+1,1:0` are tasks; a member that joins says that it has none. */
function streamsHeartbeatIn(groupId: string, memberId: string, options: Options): StreamsHeartbeat {
  const epoch = Number(options.get('epoch') ?? 0);
  const tasks = (name: string) => {
    const list = options.get(name) ?? (options.has('active') || epoch === 0 ? '' : undefined);
    return list === undefined
      ? null
      : pairs(list).map(([subtopologyId, partitions]) => ({
          subtopologyId,
          partitions: partitions.split('+').map(Number),
        }));
  };
  const topology = options.get('topology') ?? (epoch === 0 ? 'count' : undefined);
  const [host, port] = options.get('endpoint')?.split(':') ?? [];
  const [key, value = ''] = options.get('tag')?.split(':') ?? [];
  return {
    groupId,
    memberId,
    memberEpoch: epoch,
    endpointInformationEpoch: Number(options.get('endpoints') ?? 0),
    instanceId: options.get('instance') ?? null,
    rackId: null,
    rebalanceTimeoutMs: Number(options.get('rebalance') ?? (epoch === 0 ? 20_000 : -1)),
    topology:
      topology === undefined
        ? null
        : {
            epoch: Number(options.get('version') ?? 0),
            subtopologies: topologies[topology] ?? [],
          },
    activeTasks: tasks('active'),
    standbyTasks: tasks('standby'),
    warmupTasks: tasks('warmup'),
    processId: options.get('process') ?? (epoch === 0 ? memberId : null),
    userEndpoint: host === undefined ? null : { host, port: Number(port) },
    clientTags: key === undefined ? null : [{ key, value }],
    taskOffsets: null,
    taskEndOffsets: null,
    shutdownApplication: options.has('shutdown'),
  };
}

/** Of topics whose ids do not matter. */
const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ';

function topicsIn(options: Options) {
  return offsetsIn(options).map(({ topic, partition, offset, metadata }) => ({
    name: topic,
    topicId: options.has('ids') ? topicIdOf(topic) : topicId,
    partitionIndexes: [partition],
    partitions: [
      {
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: -1,
        committedMetadata: metadata,
      },
    ],
  }));
}

/** An id that can be read: the name, filled up. */
function topicIdOf(name: string): string {
  return Buffer.from(name.padEnd(16, '-')).toString('base64url');
}

/** `t1:0+1,t2:0` */
function ownedIn(list: string) {
  return pairs(list).map(([name, partitions]) => ({
    topicId: topicIdOf(name),
    partitions: partitions.split('+').map(Number),
  }));
}

/** The ids of the scripts' topics become their names again. */
function topicText(id: string): string {
  if (id.length !== 22) return id;
  return Buffer.from(id, 'base64url').toString('latin1').replace(/-+$/, '');
}

function isNumbers(list: unknown): list is number[] {
  return Array.isArray(list) && list.every((one) => typeof one === 'number');
}

function recordText({ kind, ...rest }: GroupRecord): string {
  return `log ${kind} ${text(rest)}`;
}

/** One line; error codes by name, bytes as text where they are, what is empty left out. */
function text(value: unknown): string {
  if (value instanceof Map) {
    const entries = [...value].map(([key, one]) => {
      const name = typeof key === 'string' ? topicText(key) : String(key);
      return `${name}:${Array.isArray(one) ? `[${one.join(' ')}]` : text(one)}`;
    });
    return `{${entries.join(' ')}}`;
  }
  if (value instanceof Buffer) {
    const plain = value.toString('latin1');
    return /^[\x20-\x7e]*$/.test(plain) ? `'${plain}'` : `x${value.toString('hex')}`;
  }
  if (Array.isArray(value)) {
    const isCodes = value.length > 0 && value.every((one) => typeof one === 'number');
    return `[${value.map((one) => (isCodes ? errorCodeOf(one as number) : text(one))).join(' ')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).flatMap(([name, field]) => {
      if (field === undefined || field === null || field === '') return [];
      if (name === 'errorCode') return [errorCodeOf(Number(field))];
      if (name === 'partitions' && isNumbers(field)) return [`${name}=[${field.join(' ')}]`];
      if (name === 'topicId' && field !== topicId) return [topicText(String(field))];
      return [`${name}=${text(field)}`];
    });
    return `{${fields.join(' ')}}`;
  }
  return String(value);
}
