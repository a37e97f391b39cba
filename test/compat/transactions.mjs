// Transactions as other people's clients use them: librdkafka commits, aborts, is fenced and copies
// exactly once; Apache's TransactionalMessageCopier does the same in Java, and kafka-transactions
// lists, describes and ends what hangs. In the end Apache's tool reads the log of transactions.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  apacheToolAside,
  python,
  require,
  root,
  runAside,
  startKafkit,
  temporaryDirectory,
} from './environment.mjs';

const data = temporaryDirectory('transactions');
const broker = await startKafkit({ data });
const bootstrap = ['--bootstrap-server', broker.address];

const program = join(root, 'test', 'compat', 'transactions.py');
const printed = await runAside('timeout', [
  '120',
  python(),
  '-B',
  program,
  '--broker',
  broker.address,
]);
const said = printed.split('\n').filter((line) => line !== '' && !line.startsWith('%'));
console.log(said.join('\n'));
require(said.includes('OK'), 'the program should end with OK');

const copied = await apacheToolAside('kafka-run-class', [
  'org.apache.kafka.tools.TransactionalMessageCopier',
  '--broker-list',
  broker.address,
  '--input-topic',
  'source',
  '--input-partition',
  '0',
  '--output-topic',
  'late',
  '--transaction-size',
  '50',
  '--consumer-group',
  'java-copier',
  '--transactional-id',
  'java-copier',
  '--enable-random-aborts',
  '--max-messages',
  '500',
]);
const last =
  copied
    .trim()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .at(-1) ?? '{}';
require(JSON.parse(last).consumed >= 500, `TransactionalMessageCopier should copy 500: ${last}`);
console.log(`TransactionalMessageCopier: ${last}`);

const listed = await apacheToolAside('kafka-transactions', [...bootstrap, 'list']);
require(/^java-copier\s.*CompleteCommit/m.test(listed), `kafka-transactions list: ${listed}`);
const described = await apacheToolAside('kafka-transactions', [
  ...bootstrap,
  'describe',
  '--transactional-id',
  'java-copier',
]);
require(/java-copier/.test(described), `kafka-transactions describe: ${described}`);
const producers = await apacheToolAside('kafka-transactions', [
  ...bootstrap,
  'describe-producers',
  '--topic',
  'late',
  '--partition',
  '0',
]);
require(/None/.test(producers), `kafka-transactions describe-producers: ${producers}`);
console.log('kafka-transactions lists and describes');

await broker.stop();
const states = readdirSync(data).filter((name) => name.startsWith('__transaction_state-'));
let records = 0;
for (const name of states) {
  const text = await apacheToolAside('kafka-dump-log', [
    '--transaction-log-decoder',
    '--files',
    join(data, name, '00000000000000000000.log'),
  ]);
  require(!/rror|orrupt/.test(text), `kafka-dump-log on ${name}: ${text.slice(-500)}`);
  records += text.split('transactionalId').length - 1;
}
require(records > 0, 'no record of a transaction was found');
console.log(`kafka-dump-log reads ${records} records of transactions`);
