/**
 * Writes test/conformance/protocol-facts.tsv: what Apache Kafka's message schemas say about names,
 * types, versions, tags, nullability and defaults, one line per field, without prose. The schemas
 * are read from $KAFKIT_SHARED/protocol (default ../shared/protocol).
 *
 *   node scripts/extract-protocol-facts.mjs            writes the table
 *   node scripts/extract-protocol-facts.mjs --check    compares; exit code 1 when they differ
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const table = join(root, 'test/conformance/protocol-facts.tsv');
const protocol = resolve(root, process.env.KAFKIT_SHARED ?? '../shared', 'protocol');
const folders = [
  'messages',
  'metadata',
  'coordinator/group',
  'coordinator/transaction',
  'coordinator/share',
];

if (!existsSync(protocol)) {
  console.error(`No message schemas at ${protocol}; set KAFKIT_SHARED to the folder above them.`);
  process.exit(1);
}
const text = extract();
if (process.argv.includes('--check')) {
  const committed = existsSync(table) ? readFileSync(table, 'utf8') : '';
  if (committed !== text) {
    const old = new Set(committed.split('\n'));
    const now = new Set(text.split('\n'));
    for (const line of old) if (!now.has(line)) console.error(`- ${line}`);
    for (const line of now) if (!old.has(line)) console.error(`+ ${line}`);
    console.error('test/conformance/protocol-facts.tsv is not what the schemas say.');
    process.exit(1);
  }
  console.log(`protocol-facts.tsv agrees with the schemas (${text.split('\n').length} lines)`);
} else {
  writeFileSync(table, text);
  console.log(`${table}: ${text.split('\n').length} lines`);
}

/**
 * The table. A message begins with its name, key, versions, first flexible version and, for
 * requests, its listeners; its fields follow, indented by depth: name, type, versions, tag,
 * nullable versions, default (`-` where there is none), and `ignorable` where it is so.
 */
function extract() {
  const lines = [];
  for (const folder of folders) {
    for (const file of readdirSync(join(protocol, folder)).sort()) {
      const message = readSchema(join(protocol, folder, file));
      if (message.type === 'header' || message.validVersions === 'none') continue;
      const flexible = message.flexibleVersions.replace('+', '');
      const listeners = message.listeners?.join(',') ?? '-';
      const unstable = message.latestVersionUnstable === true ? 'unstable' : '-';
      lines.push(
        [message.name, message.apiKey ?? '-', message.validVersions, flexible, listeners, unstable]
          .join('\t')
          .trimEnd(),
      );
      addFields(lines, message.fields, structsOf(message), 1);
    }
  }
  return `${lines.join('\n')}\n`;
}

function structsOf(message) {
  return new Map((message.commonStructs ?? []).map((struct) => [struct.name, struct.fields]));
}

function addFields(lines, fields, structs, depth) {
  for (const field of fields) {
    const bare = field.type.replace('[]', '');
    const inner = field.fields ?? structs.get(bare);
    const type = inner === undefined ? field.type : field.type.replace(bare, 'struct');
    lines.push(
      [
        ' '.repeat(depth) + field.name[0].toLowerCase() + field.name.slice(1),
        type,
        field.versions ?? field.taggedVersions,
        field.tag ?? '-',
        field.nullableVersions ?? '-',
        field.default === undefined || field.default === null ? '-' : `=${field.default}`,
        field.ignorable === true ? 'ignorable' : '-',
      ].join('\t'),
    );
    if (inner !== undefined) addFields(lines, inner, structs, depth + 1);
  }
}

/** The schemas are JSON with comments to the end of the line. */
function readSchema(path) {
  const source = readFileSync(path, 'utf8');
  return JSON.parse(source.replace(/("(?:[^"\\\n]|\\.)*")|\/\/.*$/gm, (_, kept) => kept ?? ''));
}
