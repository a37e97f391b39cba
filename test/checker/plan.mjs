// What a seed means: the nodes, the clients with their settings, and the faults with their times.
// The same seed makes the same plan; what the machine makes of it, and when, is another matter.
import { Seeded } from '../faults/seeded.mjs';

/** How long the clients work before they are told to stop. */
const workMs = 8000;

/** Brokers come back in time for what is on its way; clients may be away longer than they may. */
const broker = { downMs: [0, 1500], pausedMs: [200, 3000] };
const client = { downMs: [50, 1500], pausedMs: [300, 4500] };

export function planOf(seed, wanted = {}) {
  const random = new Seeded(seed * 7919);
  const nodes = random.chance(0.35) ? 3 : 1;
  const plan = {
    seed,
    nodes: wanted.nodes ?? nodes,
    topics: { ledger: 3, copies: 2 },
    properties: propertiesOf(random),
    // Whether the broker is killed once more before everything is read.
    isKilledAtTheEnd: random.chance(0.5),
    workMs,
  };
  plan.processes = processesOf(random);
  plan.faults = faultsOf(random, plan);
  return plan;
}

/** Settings that kafkit and Apache Kafka both know. */
function propertiesOf(random) {
  const properties = {
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    'group.consumer.min.session.timeout.ms': 1000,
    'group.consumer.session.timeout.ms': random.pick([1500, 5000]),
    'group.consumer.min.heartbeat.interval.ms': 200,
    'group.consumer.heartbeat.interval.ms': 400,
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 500,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.num.partitions': 4,
  };
  // Segments roll by time, so that there are several to be recovered.
  if (random.chance(0.4)) properties['log.roll.ms'] = random.pick([400, 1500]);
  return properties;
}

/** Two readers of a group must speak the same protocol, librdkafka's and ours. */
function protocolOf(random) {
  const sessionMs = random.pick([1500, 5000]);
  const kind = random.pick(['range', 'cooperative-sticky', 'consumer']);
  if (kind === 'consumer') {
    return { kind, theirs: { 'group.protocol': 'consumer' }, ours: { groupProtocol: 'consumer' } };
  }
  return {
    kind,
    theirs: {
      'partition.assignment.strategy': kind,
      'session.timeout.ms': sessionMs,
      'heartbeat.interval.ms': 400,
    },
    ours: { assignors: [kind], sessionTimeoutMs: sessionMs, heartbeatIntervalMs: 400 },
  };
}

function processesOf(random) {
  const [mixing, reading] = [protocolOf(random), protocolOf(random)];
  const timeout = () => random.pick([5000, 60_000]);
  const sender = (name) => ({
    kind: 'sender',
    name,
    idempotent: random.chance(0.8),
    linger: random.pick([0, 2, 20]),
  });
  const transactor = (name, more) => ({
    kind: 'transactor',
    name,
    transactional_id: name,
    transaction_timeout: timeout(),
    isolation: 'read_committed',
    ...more,
  });
  const mixer = (name) =>
    transactor(name, {
      mode: 'subscribe',
      group: 'mix',
      topics: ['ledger'],
      settings: mixing.theirs,
    });
  const member = (name, settings) => ({
    kind: 'reader',
    name,
    mode: 'subscribe',
    group: 'readers',
    topics: ['ledger', 'copies'],
    isolation: 'read_committed',
    commits_revoked: random.chance(0.5),
    settings,
  });
  const roaming = (name, more) => ({ kind: 'reader', name, mode: 'assign', ...more });
  const isolation = random.pick(['read_committed', 'read_uncommitted']);
  return [
    { name: 'senders', roles: [sender('s1'), sender('s2')] },
    { name: 'mixer', roles: [mixer('x1')] },
    {
      name: 'other-mixer',
      roles: [mixer('x2'), transactor('x3', { mode: 'assign', isolation, topics: [] })],
    },
    {
      name: 'readers',
      roles: [member('r1', reading.theirs), roaming('r3', { isolation: 'read_uncommitted' })],
    },
    {
      name: 'other-readers',
      roles: [
        member('r2', reading.theirs),
        roaming('r4', { isolation: 'read_committed', group: 'own' }),
      ],
    },
    {
      name: 'kafkit',
      isOurs: true,
      roles: [
        sender('k1'),
        { kind: 'transactor', name: 'k2', transactional_id: 'k2', transaction_timeout: timeout() },
        member('k3', reading.ours),
      ],
    },
  ];
}

/** Groups and transactional ids of a plan, for whoever reads at the end. */
export function namesOf({ processes }) {
  const roles = processes.flatMap((each) => each.roles);
  const all = (key) => [...new Set(roles.map((role) => role[key]).filter(Boolean))];
  return { groups: all('group'), transactional_ids: all('transactional_id') };
}

function faultsOf(random, { nodes, processes }) {
  const kinds = ['kill', 'kill', 'pause', 'client-kill', 'client-kill', 'client-pause', 'zombie'];
  if (nodes > 1) kinds.push('node', 'node', 'node');
  const faults = [];
  for (let left = random.between(4, 8); left > 0; left--) {
    const kind = random.pick(kinds);
    const at = random.between(1200, workMs - 1500);
    const isOfBroker = ['kill', 'pause', 'node'].includes(kind);
    const times = isOfBroker ? broker : client;
    const [from, to] = /pause|zombie/.test(kind) ? times.pausedMs : times.downMs;
    const fault = { kind, at, forMs: random.between(from, to) };
    if (isOfBroker) fault.node = random.between(1, nodes);
    else fault.process = random.pick(processes).name;
    faults.push(fault);
  }
  // A client that stops right before it commits, and does so when others have taken its place.
  const theirs = processes.filter(({ roles }) => roles.some(({ mode }) => mode === 'subscribe'));
  const stalls = random.between(1, 2);
  for (let n = 0; n < stalls; n++) {
    const at = random.between(1200, workMs - 1500);
    const process = random.pick(theirs.filter(({ isOurs }) => !isOurs)).name;
    faults.push({ kind: 'stall', at, forMs: random.between(3000, 5500), process });
  }
  return faults.sort((a, b) => a.at - b.at);
}
