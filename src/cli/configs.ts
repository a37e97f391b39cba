import type { Admin } from '../client/index.js';
import { UsageError } from './command.js';
import { withKafka } from './connect.js';
import type { Input } from './input.js';
import { type CliIo, say } from './io.js';
import { table } from './table.js';

/** The settings of a topic that are not the default. */
export async function changedConfigs(admin: Admin, topic: string): Promise<Record<string, string>> {
  const [configs] = await admin.describeConfigs([{ type: 'topic', name: topic }]);
  const changed = (configs?.entries ?? []).filter(({ isDefault }) => !isDefault);
  return Object.fromEntries(changed.map(({ name, value }) => [name, value ?? '']));
}

/** `kafkit configs describe` */
export async function describeConfigs(input: Input, io: CliIo): Promise<number> {
  const topic = input.onlyOperand('topic');
  return withKafka(input, io, async (kafka) => {
    const admin = kafka.admin();
    const [configs] = await admin.describeConfigs([{ type: 'topic', name: topic }]);
    const entries = (configs?.entries ?? []).filter(
      ({ isDefault }) => input.has('all') || !isDefault,
    );
    if (input.has('json')) {
      for (const entry of entries) await io.stdout.write(`${JSON.stringify(entry)}\n`);
      return 0;
    }
    if (entries.length === 0) {
      say(io, `kafkit: ${topic} has nothing but defaults; --all shows them.`);
      return 0;
    }
    const rows = entries.map(({ name, value, source }) => [name, value ?? '(hidden)', source]);
    await io.stdout.write(table(['NAME', 'VALUE', 'FROM'], rows));
    return 0;
  });
}

/** `kafkit configs alter` */
export async function alterConfigs(input: Input, io: CliIo): Promise<number> {
  const [topic, ...pairs] = input.operands;
  if (topic === undefined) throw new UsageError('The topic is missing.');
  const set: Record<string, string> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError(`"${pair}" is no KEY=VALUE.`);
    set[pair.slice(0, at)] = pair.slice(at + 1);
  }
  const remove = input.list('delete');
  if (pairs.length + remove.length === 0) {
    throw new UsageError('Nothing to do.', 'Give KEY=VALUE or --delete KEY.');
  }
  return withKafka(input, io, async (kafka) => {
    await kafka.admin().alterConfigs([{ type: 'topic', name: topic, set, delete: remove }]);
    say(io, `kafkit: changed the settings of ${topic}.`);
    return 0;
  });
}
