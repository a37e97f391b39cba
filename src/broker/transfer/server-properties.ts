import { hostAndPort, parseAddress } from '../listen-address.js';

export const serverProperties = 'server.properties';
const defaultPort = 9092;

export interface ServerPropertiesFacts {
  readonly nodeId: number;
  readonly listen: string;
  /** The data directory as Kafka shall find it. */
  readonly logDirectory: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** Where clients will find the Kafka that starts with these properties. */
export function bootstrapServer(listen: string): string {
  const { host, port } = parseAddress(listen, defaultPort);
  return hostAndPort(host === '' ? 'localhost' : host, port);
}

/** The `server.properties` of a single node that is broker and controller in one process. */
export function serverPropertiesText(facts: ServerPropertiesFacts): string {
  const { nodeId } = facts;
  const { host, port } = parseAddress(facts.listen, defaultPort);
  const reachable = host === '' ? 'localhost' : host;
  const controller = hostAndPort(reachable, port + 1);
  const listeners = [
    `PLAINTEXT://${hostAndPort(host, port)}`,
    `CONTROLLER://${hostAndPort(host, port + 1)}`,
  ];
  const values: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(nodeId),
    'controller.quorum.voters': `${nodeId}@${controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: listeners.join(','),
    'advertised.listeners': `PLAINTEXT://${hostAndPort(reachable, port)}`,
    'log.dirs': facts.logDirectory,
    ...replication,
    ...facts.settings,
  };
  const lines = Object.entries(values).map(([name, value]) => `${name}=${escaped(value)}`);
  return `${opening.join('\n')}\n${lines.join('\n')}\n`;
}

const opening = [
  '# Apache Kafka on the data directory that kafkit prepared: one node, broker and controller.',
  '# To grow: start more nodes, raise these replication factors for topics that are yet to be',
  '# made, and move existing partitions with kafka-reassign-partitions.sh.',
];

/** One node cannot keep more than one copy of what Kafka keeps for itself. */
const replication = {
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
};

/** Java reads a backslash as an escape, and characters outside Latin-1 only as `\uXXXX`. */
function escaped(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
