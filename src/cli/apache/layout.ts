/**
 * The layouts of Apache's tools, column by column: scripts parse them, so they are kept to the
 * blank. Each function takes plain data and returns text.
 */

/** One line of `kafka-consumer-groups --describe`; `-` stands for what is not known. */
export interface GroupOffsetRow {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly leaderEpoch: number | undefined;
  readonly current: number | undefined;
  readonly end: number | undefined;
  readonly consumerId: string | undefined;
  readonly host: string | undefined;
  readonly clientId: string | undefined;
}

export interface GroupMemberRow {
  readonly group: string;
  readonly consumerId: string;
  readonly groupInstanceId: string | undefined;
  readonly host: string;
  readonly clientId: string;
  /** Topics with their partitions. */
  readonly assignment: readonly (readonly [topic: string, partitions: readonly number[]])[];
}

export interface GroupStateRow {
  readonly group: string;
  readonly coordinator: string;
  readonly coordinatorId: number;
  readonly assignor: string;
  readonly state: string;
  readonly members: number;
}

/** Cells in columns of at least the given widths, each followed by a blank but the last. */
function columns(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => {
      const width = widths[column];
      return width === undefined ? cell : `${cell.padEnd(width)} `;
    })
    .join('');
}

function widest(least: number, texts: readonly string[]): number {
  return Math.max(least, ...texts.map((text) => text.length));
}

function orDash(value: string | number | undefined): string {
  return value === undefined ? '-' : String(value);
}

/** Offsets and lag of one group. */
export function groupOffsets(rows: readonly GroupOffsetRow[], verbose: boolean): string {
  const groupWidth = widest(
    15,
    rows.map((row) => row.group),
  );
  const topicWidth = widest(
    15,
    rows.map((row) => row.topic),
  );
  const consumerWidth = widest(
    15,
    rows.map((row) => orDash(row.consumerId)),
  );
  const epoch = verbose ? [15] : [];
  const widths = [groupWidth, topicWidth, 10, ...epoch, 15, 15, 15, consumerWidth, 15];
  const head = [
    'GROUP',
    'TOPIC',
    'PARTITION',
    ...(verbose ? ['LEADER-EPOCH'] : []),
    'CURRENT-OFFSET',
    'LOG-END-OFFSET',
    'LAG',
    'CONSUMER-ID',
    'HOST',
    'CLIENT-ID',
  ];
  const lines = rows.map((row) => [
    row.group,
    row.topic,
    String(row.partition),
    ...(verbose ? [orDash(row.leaderEpoch)] : []),
    orDash(row.current),
    orDash(row.end),
    row.current === undefined || row.end === undefined ? '-' : String(row.end - row.current),
    orDash(row.consumerId),
    orDash(row.host),
    orDash(row.clientId),
  ]);
  return block([head, ...lines].map((cells) => columns(cells, widths)));
}

/** Members of one group. */
export function groupMembers(rows: readonly GroupMemberRow[], verbose: boolean): string {
  const instances = rows.some((row) => row.groupInstanceId !== undefined);
  const widths = [
    widest(
      15,
      rows.map((row) => row.group),
    ),
    widest(
      15,
      rows.map((row) => row.consumerId),
    ),
    ...(instances
      ? [
          widest(
            17,
            rows.map((row) => row.groupInstanceId ?? ''),
          ),
        ]
      : []),
    widest(
      15,
      rows.map((row) => row.host),
    ),
    widest(
      15,
      rows.map((row) => row.clientId),
    ),
    15,
    ...(verbose ? [15, 20, 15, 20] : []),
  ];
  const head = [
    'GROUP',
    'CONSUMER-ID',
    ...(instances ? ['GROUP-INSTANCE-ID'] : []),
    'HOST',
    'CLIENT-ID',
    '#PARTITIONS',
    ...(verbose
      ? ['CURRENT-EPOCH', 'CURRENT-ASSIGNMENT', 'TARGET-EPOCH', 'TARGET-ASSIGNMENT']
      : []),
  ];
  const lines = rows.map((row) => [
    row.group,
    row.consumerId,
    ...(instances ? [row.groupInstanceId ?? ''] : []),
    row.host,
    row.clientId,
    String(row.assignment.reduce((sum, [, partitions]) => sum + partitions.length, 0)),
    ...(verbose ? ['-', assignmentText(row), '-', '-'] : []),
  ]);
  // The target assignment is the one column that is not followed by its blank.
  const trim = (line: string) => (verbose ? line.slice(0, -1) : line);
  return block([head, ...lines].map((cells) => trim(columns(cells, widths))));
}

function assignmentText({ assignment }: GroupMemberRow): string {
  if (assignment.length === 0) return '-';
  return assignment.map(([topic, partitions]) => `${topic}:${partitions.join(',')}`).join(';');
}

/** The state of one group. */
export function groupState(row: GroupStateRow, verbose: boolean): string {
  const coordinator = `${row.coordinator}  (${row.coordinatorId})`;
  const widths = [
    widest(15, [row.group]),
    widest(25, [coordinator]),
    20,
    20,
    ...(verbose ? [15, 25] : []),
  ];
  const head = [
    'GROUP',
    'COORDINATOR (ID)',
    'ASSIGNMENT-STRATEGY',
    'STATE',
    ...(verbose ? ['GROUP-EPOCH', 'TARGET-ASSIGNMENT-EPOCH'] : []),
    '#MEMBERS',
  ];
  const assignor = row.assignor === '' ? '-' : row.assignor;
  const line = [
    row.group,
    coordinator,
    assignor,
    row.state,
    ...(verbose ? ['-', '-'] : []),
    String(row.members),
  ];
  return block([head, line].map((cells) => columns(cells, widths)));
}

/** A list of groups with their types, their states or both. */
export function groupList(
  rows: readonly { group: string; type: string; state: string }[],
  show: { type: boolean; state: boolean },
): string {
  if (!show.type && !show.state) return rows.map((row) => `${row.group}\n`).join('');
  const widths = [
    widest(
      25,
      rows.map((row) => row.group),
    ),
    20,
    20,
  ];
  const cells = (row: { group: string; type: string; state: string }) => [
    row.group,
    ...(show.type ? [capitalised(row.type)] : []),
    ...(show.state ? [row.state] : []),
  ];
  const head = { group: 'GROUP', type: 'TYPE', state: 'STATE' };
  // Every column is as wide as the format says; the last one has no blank behind it.
  return [head, ...rows].map((row) => `${columns(cells(row), widths).slice(0, -1)}\n`).join('');
}

/** Brokers say `classic`, the tool prints `Classic`. */
function capitalised(word: string): string {
  return `${word[0]?.toUpperCase() ?? ''}${word.slice(1)}`;
}

/** New offsets of groups, as `--reset-offsets` shows them. */
export function newOffsets(
  rows: readonly { group: string; topic: string; partition: number; offset: number }[],
): string {
  const widths = [
    widest(
      15,
      rows.map((row) => row.group),
    ),
    widest(
      15,
      rows.map((row) => row.topic),
    ),
    10,
  ];
  const lines = rows.map((row) => [
    row.group,
    row.topic,
    String(row.partition),
    String(row.offset),
  ]);
  const head = ['GROUP', 'TOPIC', 'PARTITION', 'NEW-OFFSET'];
  return block([head, ...lines].map((cells) => columns(cells, widths)));
}

/** What became of each offset that `--delete-offsets` was to delete. */
export function deletedOffsets(
  rows: readonly { topic: string; partition: number | undefined; status: string }[],
): string {
  const widths = [
    widest(
      15,
      rows.map((row) => row.topic),
    ),
    10,
    15,
  ];
  const lines = rows.map((row) => [row.topic, orDash(row.partition), row.status]);
  const head = ['TOPIC', 'PARTITION', 'STATUS'];
  return block([head, ...lines].map((cells) => columns(cells, widths).slice(0, -1)));
}

/** Apache's tables begin with an empty line. */
function block(lines: readonly string[]): string {
  return `\n${lines.join('\n')}\n`;
}

export interface TopicLayout {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: readonly PartitionLayout[];
  /** Settings that are not the default, as `name=value`. */
  readonly configs: readonly string[];
}

export interface PartitionLayout {
  readonly partition: number;
  readonly leader: number | undefined;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly eligibleLeaderReplicas: readonly number[];
  readonly lastKnownElr: readonly number[];
}

/** The first line of a topic in `kafka-topics --describe`. */
export function topicLine(topic: TopicLayout): string {
  const parts = [
    `Topic: ${topic.name}`,
    `TopicId: ${topic.topicId}`,
    `PartitionCount: ${topic.partitions.length}`,
    `ReplicationFactor: ${topic.partitions[0]?.replicas.length ?? 0}`,
    `Configs: ${topic.configs.join(',')}`,
  ];
  return `${parts.join('\t')}\n`;
}

/** The line of a partition in `kafka-topics --describe`. */
export function partitionLine(topic: string, partition: PartitionLayout): string {
  const parts = [
    `\tTopic: ${topic}`,
    `Partition: ${partition.partition}`,
    `Leader: ${partition.leader ?? 'none'}`,
    `Replicas: ${partition.replicas.join(',')}`,
    `Isr: ${partition.isr.join(',')}`,
    `Elr: ${partition.eligibleLeaderReplicas.join(',')}`,
    `LastKnownElr: ${partition.lastKnownElr.join(',')}`,
  ];
  return `${parts.join('\t')}\n`;
}
