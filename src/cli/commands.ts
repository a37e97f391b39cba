import { apacheCommands } from './apache/commands.js';
import type { CommandSpec, FlagSpec } from './command.js';
import { dumpCommands } from './dump-commands.js';
import { hiddenCommands } from './hidden-commands.js';
import { transferCommands } from './transfer-commands.js';

/** How a command finds the cluster. */
const connection: readonly FlagSpec[] = [
  {
    name: 'bootstrap-server',
    short: 'b',
    value: 'HOST:PORT,…',
    text: 'any brokers of the cluster',
    fallback: '$KAFKA or localhost:9092',
    aliases: ['brokers'],
  },
  { name: 'command-config', value: 'FILE', text: 'a client.properties file with client settings' },
];

const yes: FlagSpec = { name: 'yes', short: 'y', text: 'do it; without, only the plan is shown' };
const json: FlagSpec = { name: 'json', text: 'print JSON, one value per line' };

const up: CommandSpec = {
  name: 'up',
  summary: 'run a broker',
  details:
    'Prints one line on stdout, "ready HOST:PORT", as soon as requests are accepted. SIGINT or\n' +
    'SIGTERM end it properly; the next start on the same directory finds topics and records again.',
  flags: [
    {
      name: 'listen',
      value: 'HOST:PORT',
      text: 'where to accept connections; port 0 picks a free one',
      fallback: '127.0.0.1:9092',
    },
    { name: 'advertise', value: 'HOST:PORT', text: 'the address clients are told to use' },
    {
      name: 'brokers',
      value: 'N',
      text: 'show N nodes, at this port and those above; "stop 2" on stdin stops node 2',
      fallback: '1',
    },
    { name: 'data', value: 'DIR', text: 'directory of the log', fallback: './kafkit-data' },
    { name: 'memory', text: 'keep everything in memory and forget it at the end' },
    {
      name: 'durability',
      value: 'MODE',
      text: 'when a record counts as safe: group-commit, interval or os',
      fallback: 'group-commit',
    },
    { name: 'config', value: 'FILE', text: 'a server.properties file' },
    { name: 'option', short: 'o', value: 'KEY=VALUE', many: true, text: 'one broker setting' },
    {
      name: 'create',
      value: 'TOPIC:PARTITIONS[:KEY=VALUE,…]',
      many: true,
      text: 'create this topic unless it exists',
    },
    {
      name: 'compat',
      value: 'VERSION',
      text: 'behave like this Kafka version: 4.0, 4.2, 4.3, 4.4',
    },
    { name: 'quiet', short: 'q', text: 'nothing on stderr but warnings and errors' },
  ],
  examples: [
    'kafkit up',
    'kafkit up --memory --listen 127.0.0.1:0 --create orders:3',
    'kafkit up --brokers 3',
  ],
  load: async () => (await import('./up.js')).up,
};

const topics: readonly CommandSpec[] = [
  {
    name: 'topics list',
    summary: 'list topics',
    flags: [{ name: 'internal', text: 'list internal topics too' }, json, ...connection],
    load: async () => (await import('./topics.js')).listTopics,
  },
  {
    name: 'topics create',
    summary: 'create topics',
    operands: 'TOPIC…',
    flags: [
      { name: 'partitions', short: 'p', value: 'N', text: 'number of partitions' },
      { name: 'replication-factor', short: 'r', value: 'N', text: 'copies of each partition' },
      { name: 'config', short: 'c', value: 'KEY=VALUE', many: true, text: 'a topic setting' },
      { name: 'if-not-exists', text: 'an existing topic is fine' },
      ...connection,
    ],
    examples: ['kafkit topics create orders -p 3 -c retention.ms=86400000'],
    load: async () => (await import('./topics.js')).createTopics,
  },
  {
    name: 'topics describe',
    summary: 'show partitions, offsets and changed settings of topics',
    operands: '[TOPIC…]',
    flags: [json, ...connection],
    load: async () => (await import('./topics.js')).describeTopics,
  },
  {
    name: 'topics alter',
    summary: 'add partitions or change settings of a topic',
    operands: 'TOPIC',
    flags: [
      { name: 'partitions', short: 'p', value: 'N', text: 'so many partitions from now on' },
      { name: 'config', short: 'c', value: 'KEY=VALUE', many: true, text: 'set a topic setting' },
      { name: 'delete-config', value: 'KEY', many: true, text: 'back to the default' },
      ...connection,
    ],
    load: async () => (await import('./topics.js')).alterTopic,
  },
  {
    name: 'topics delete',
    summary: 'delete topics with all their records',
    operands: 'TOPIC…',
    flags: [yes, { name: 'if-exists', text: 'a missing topic is fine' }, ...connection],
    load: async () => (await import('./topics.js')).deleteTopics,
  },
];

const produce: CommandSpec = {
  name: 'produce',
  summary: 'send lines of standard input, or of files, as records',
  operands: 'TOPIC [FILE…]',
  details:
    'Each line becomes the value of a record. With --json each line is a row as\n' +
    '"kafkit consume --json" prints it: {"key": …, "value": …, "headers": [["name", "text"]]};\n' +
    'a value that is no string is sent as JSON. "-" as the topic leaves it to the rows.',
  flags: [
    { name: 'key-separator', short: 'K', value: 'TEXT', text: 'key and value are parted by this' },
    { name: 'json', text: 'lines are JSON rows' },
    { name: 'key', short: 'k', value: 'KEY', text: 'the key of every record' },
    {
      name: 'header',
      short: 'H',
      value: 'NAME=TEXT',
      many: true,
      text: 'a header of every record',
    },
    { name: 'partition', short: 'p', value: 'N', text: 'send to this partition' },
    { name: 'tombstone', short: 'Z', text: 'an empty value is sent as null' },
    {
      name: 'compression',
      short: 'z',
      value: 'CODEC',
      text: 'none, gzip, snappy, lz4 or zstd',
      fallback: 'none',
    },
    { name: 'acks', value: 'N', text: '0, 1 or all', fallback: 'all' },
    { name: 'verbose', short: 'v', text: 'print topic, partition and offset of every record' },
    ...connection,
  ],
  examples: [
    "echo 'k1:hello' | kafkit produce greetings --key-separator : -v",
    'kafkit consume a --json --exit -o start | kafkit produce b --json',
  ],
  load: async () => (await import('./produce.js')).produce,
};

const consume: CommandSpec = {
  name: 'consume',
  summary: 'print records as they arrive',
  operands: 'TOPIC…',
  details:
    'Offsets: start, end, a number, -N (the last N of each partition), @MILLISECONDS, @DATE or\n' +
    '@-1h (from that time on). Formats: %t topic, %p partition, %o offset, %k key, %v value,\n' +
    '%h headers, %T timestamp, %% percent, \\n newline, \\t tab.',
  flags: [
    {
      name: 'group',
      short: 'g',
      value: 'GROUP',
      text: 'join this group and commit what was printed',
    },
    { name: 'from-beginning', text: 'the same as --offset start' },
    { name: 'offset', short: 'o', value: 'OFFSET', text: 'where to begin', fallback: 'end' },
    { name: 'partition', short: 'p', value: 'N', many: true, text: 'only this partition' },
    { name: 'number', short: 'n', value: 'N', text: 'stop after so many records' },
    { name: 'exit', short: 'e', text: 'stop at the end of what is there now' },
    { name: 'json', short: 'J', text: 'print a JSON row per record' },
    { name: 'format', short: 'f', value: 'FORMAT', text: 'print records like this' },
    { name: 'read-committed', text: 'hide records of aborted and open transactions' },
    ...connection,
  ],
  examples: [
    'kafkit consume orders -o start',
    "kafkit consume orders -o -10 --exit -f '%p/%o %k=%v\\n'",
    'kafkit consume orders --group billing --json | jq .value',
  ],
  load: async () => (await import('./consume.js')).consume,
};

const groups: readonly CommandSpec[] = [
  {
    name: 'groups list',
    summary: 'list consumer groups',
    flags: [json, ...connection],
    load: async () => (await import('./groups.js')).listGroups,
  },
  {
    name: 'groups describe',
    summary: 'show members, offsets and lag of groups',
    operands: '[GROUP…]',
    flags: [json, ...connection],
    load: async () => (await import('./groups.js')).describeGroups,
  },
  {
    name: 'groups reset',
    summary: 'move the offsets of a group; shows the plan first',
    operands: 'GROUP',
    details: 'The group must have no active members. Offsets are written as for "kafkit consume".',
    flags: [
      {
        name: 'topic',
        short: 't',
        value: 'TOPIC[:P,P]',
        many: true,
        text: 'only these',
        fallback: 'every topic the group has offsets for',
      },
      { name: 'to', value: 'OFFSET', text: 'start, end, a number, -N before the end, or @time' },
      { name: 'by', value: 'N', text: 'forward by N records, or back by -N' },
      yes,
      ...connection,
    ],
    examples: ['kafkit groups reset billing --topic orders --to start --yes'],
    load: async () => (await import('./groups.js')).resetGroup,
  },
  {
    name: 'groups delete',
    summary: 'delete groups and their offsets',
    operands: 'GROUP…',
    flags: [yes, ...connection],
    load: async () => (await import('./groups.js')).deleteGroups,
  },
];

const configs: readonly CommandSpec[] = [
  {
    name: 'configs describe',
    summary: 'show the settings of a topic',
    operands: 'TOPIC',
    flags: [{ name: 'all', short: 'a', text: 'defaults too' }, json, ...connection],
    load: async () => (await import('./configs.js')).describeConfigs,
  },
  {
    name: 'configs alter',
    summary: 'change the settings of a topic',
    operands: 'TOPIC [KEY=VALUE…]',
    flags: [
      { name: 'delete', short: 'd', value: 'KEY', many: true, text: 'back to the default' },
      ...connection,
    ],
    examples: ['kafkit configs alter orders retention.ms=-1 --delete cleanup.policy'],
    load: async () => (await import('./configs.js')).alterConfigs,
  },
];

const pipeFlags: readonly FlagSpec[] = connection.slice(0, 1);

const pipe: readonly CommandSpec[] = [
  {
    name: 'pipe run',
    summary: 'run the pipeline that a file describes',
    operands: 'FILE',
    details:
      'FILE is YAML (.yaml, .yml) or JSON. Ctrl-C drains: what is being written is finished and\n' +
      'committed. Run it again, here or elsewhere, and it goes on there.',
    flags: [
      { name: 'exit', short: 'e', text: 'stop at the end of what is there now' },
      { name: 'tasks', value: 'N', text: 'so many consumers in this process' },
      { name: 'http', value: 'HOST:PORT', text: 'answer /health, /status and /metrics there' },
      { name: 'quiet', short: 'q', text: 'nothing on stderr but warnings and errors' },
      ...pipeFlags,
    ],
    examples: ['kafkit pipe run numtest.yaml', 'kafkit pipe run numtest.yaml --exit'],
    load: async () => (await import('./pipe.js')).runPipe,
  },
  {
    name: 'pipe check',
    summary: 'check a file, and show what the first records would become',
    operands: 'FILE',
    flags: [
      { name: 'number', short: 'n', value: 'N', text: 'so many records', fallback: '10' },
      ...pipeFlags,
    ],
    load: async () => (await import('./pipe.js')).checkPipe,
  },
  {
    name: 'pipe status',
    summary: 'show how far a pipeline is',
    operands: 'FILE',
    flags: [json, ...pipeFlags],
    load: async () => (await import('./pipe.js')).pipeStatus,
  },
];

const dlq: readonly CommandSpec[] = [
  {
    name: 'dlq list',
    summary: 'what is in a dead-letter topic, by place and reason',
    operands: 'TOPIC',
    flags: [json, ...connection],
    load: async () => (await import('./dlq.js')).listLetters,
  },
  {
    name: 'dlq show',
    summary: 'print dead letters and why they are there',
    operands: 'TOPIC',
    flags: [{ name: 'number', short: 'n', value: 'N', text: 'so many' }, json, ...connection],
    load: async () => (await import('./dlq.js')).showLetters,
  },
  {
    name: 'dlq redrive',
    summary: 'send dead letters back to where they came from',
    operands: 'TOPIC',
    flags: [
      { name: 'to', value: 'TOPIC', text: 'send them there instead' },
      { name: 'delete', text: 'delete them from the dead-letter topic afterwards' },
      yes,
      ...connection,
    ],
    examples: ['kafkit dlq redrive numtest.dlq --yes --delete'],
    load: async () => (await import('./dlq.js')).redriveLetters,
  },
];

const demo: CommandSpec = {
  name: 'demo',
  summary: 'the whole story: 1000 records through a consumer that is killed twice on the way',
  details:
    'Starts a broker in memory, sends {"number": 0} … {"number": 999} to the topic numtest and\n' +
    'lets a consumer group store them. The consumer is killed twice without warning and started\n' +
    'again. In the end every number must be stored, and none twice. A MongoDB gets them in its\n' +
    'collection kafkit_demo.numtest, which is emptied first.',
  flags: [
    {
      name: 'mongodb',
      value: 'URI',
      text: 'store in this MongoDB instead of a file of JSON lines',
    },
    {
      name: 'store',
      value: 'DIR',
      text: 'keep the JSON lines here',
      fallback: 'a temporary directory',
    },
    { name: 'records', value: 'N', text: 'how many records', fallback: '1000' },
    { name: 'kills', value: 'N', text: 'how often the consumer is killed', fallback: '2' },
  ],
  load: async () => (await import('./demo.js')).demo,
};

/** THE table of commands: the parser, the help texts and the reference page read nothing else. */
export const commands: readonly CommandSpec[] = [
  up,
  ...topics,
  produce,
  consume,
  ...groups,
  ...configs,
  ...pipe,
  ...dlq,
  demo,
  ...hiddenCommands,
  ...transferCommands,
  ...dumpCommands,
  ...apacheCommands,
];

export interface FoundCommand {
  readonly command: CommandSpec;
  /** What follows the words of the command. */
  readonly rest: readonly string[];
}

/** The command that the first one or two words name; `kafka-topics.sh` is `kafka-topics`. */
export function findCommand(args: readonly string[]): FoundCommand | undefined {
  const [first = '', second = ''] = args;
  const pair = commands.find((each) => each.name === `${first} ${second}`);
  if (pair !== undefined) return { command: pair, rest: args.slice(2) };
  const single = commands.find((each) => each.name === first.replace(/\.sh$/, ''));
  return single === undefined ? undefined : { command: single, rest: args.slice(1) };
}
