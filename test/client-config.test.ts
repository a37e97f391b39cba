import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  properties,
  type PropertyOwner,
  securityProperties,
  withoutEffect,
} from '../src/client/properties/property-table.js';

/**
 * The options of client, producer and consumer, printed from their doc comments, with the names
 * that Java and librdkafka give them.
 * `KAFKIT_UPDATE=1 npx vitest run test/client-config.test.ts` rewrites the page.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(root, 'docs', 'reference', 'client-config.md');
const sections: readonly (readonly [PropertyOwner, title: string, file: string])[] = [
  ['kafka', 'new Kafka(…)', 'src/client/kafka-options.ts'],
  ['producer', 'kafka.producer(…)', 'src/client/producer/producer-options.ts'],
  ['consumer', 'kafka.consumer(…)', 'src/client/consumer/consumer-options.ts'],
  [
    'shareConsumer',
    'kafka.shareConsumer(…)',
    'src/client/consumer/share/share-consumer-options.ts',
  ],
];

interface Option {
  readonly name: string;
  readonly text: string;
}

/** The optional fields of the file's options with their comments, in order. */
function optionsIn(file: string): Option[] {
  const source = readFileSync(join(root, file), 'utf8');
  const fields = source.matchAll(/(?:\/\*\*((?:(?!\*\/)[^])*)\*\/\s+)?readonly (\w+)\?:/g);
  return [...fields].map(([, comment = '', name = '']) => {
    const text = comment.replaceAll(/\s*\n\s*\* ?/g, ' ').trim();
    return { name, text: text.replaceAll('|', '\\|') };
  });
}

function namesOf(owner: PropertyOwner, option: string): string {
  // A share consumer takes what it knows of the properties of a consumer.
  const owners = owner === 'shareConsumer' ? [owner, 'consumer'] : [owner];
  const names = [...properties].filter(
    ([, row]) => owners.includes(row.owner) && row.option === option,
  );
  return names.map(([name]) => `\`${name}\``).join(', ');
}

function printed(): string {
  const lines = [
    '# Options of the client',
    '',
    'Printed from the doc comments of the options. Times are in milliseconds, sizes in bytes. The',
    "properties are those of `Kafka.fromProperties`, in Kafka's and librdkafka's spelling. There an",
    'environment variable comes before each: `KAFKIT_BOOTSTRAP_SERVERS` before `bootstrap.servers`.',
  ];
  for (const [owner, title, file] of sections) {
    lines.push('', `## ${title}`, '', '| option | properties | what it does |', '|---|---|---|');
    for (const { name, text } of optionsIn(file)) {
      lines.push(`| \`${name}\` | ${namesOf(owner, name)} | ${text} |`);
    }
  }
  const list = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');
  lines.push('', '## TLS by properties', '', list(securityProperties));
  lines.push('', '## Properties without effect', '', list(withoutEffect), '');
  return lines.join('\n');
}

test('the page of options is what the code says', () => {
  const now = printed();
  if (process.env.KAFKIT_UPDATE === '1') writeFileSync(page, now);
  expect(existsSync(page)).toBe(true);
  expect(readFileSync(page, 'utf8')).toBe(now);
});

test('every property leads to an option that there is', () => {
  for (const [owner, , file] of sections) {
    const known = optionsIn(file).map(({ name }) => name);
    const wanted = [...properties.values()].filter((row) => row.owner === owner);
    expect(known).toEqual(expect.arrayContaining(wanted.map(({ option }) => option)));
  }
});
