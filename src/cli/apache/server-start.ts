import { UsageError } from '../command.js';
import type { Input } from '../input.js';
import { type CliIo, say } from '../io.js';
import { readProperties, runBroker } from '../up.js';

/** `kafka-server-start FILE`: the broker with the settings of the file. */
export async function serverStart(input: Input, io: CliIo): Promise<number> {
  const path = input.onlyOperand('server.properties file');
  const properties = readProperties(path, io);
  for (const [name, value] of input.pairs('override')) properties.set(name, value);
  return runBroker(properties, input, io);
}

/** `zookeeper-server-start`: there is nothing to start. */
export async function zookeeperStart(input: Input, io: CliIo): Promise<number> {
  if (input.operands.length > 1) throw new UsageError(`"${input.operands[1]}" is too much.`);
  say(io, 'kafkit: ZooKeeper is no longer needed: since 4.0 Kafka keeps its metadata itself.');
  say(io, '  Go on with the next step of your tutorial: kafkit kafka-server-start, or kafkit up.');
  return 0;
}
