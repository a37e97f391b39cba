import { KafkaError } from '../../errors/index.js';

/** Kafka's enumerations of ACLs, in its words and by its numbers. */
const resourceTypes = {
  any: 1,
  topic: 2,
  group: 3,
  cluster: 4,
  'transactional-id': 5,
  'delegation-token': 6,
  user: 7,
} as const;

const patternTypes = { any: 1, match: 2, literal: 3, prefixed: 4 } as const;

const operations = {
  any: 1,
  all: 2,
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  'cluster-action': 9,
  'describe-configs': 10,
  'alter-configs': 11,
  'idempotent-write': 12,
  'create-tokens': 13,
  'describe-tokens': 14,
  'two-phase-commit': 15,
} as const;

const permissions = { any: 1, deny: 2, allow: 3 } as const;

/** A kind of thing that ACLs are about; `cluster` has but one thing, named `kafka-cluster`. */
export type AclResourceType = Exclude<keyof typeof resourceTypes, 'any'>;
/** `prefixed` means every name that begins so; a literal `*` means every name. */
export type AclPatternType = Exclude<keyof typeof patternTypes, 'any' | 'match'>;
export type AclOperation = Exclude<keyof typeof operations, 'any'>;
export type AclPermission = Exclude<keyof typeof permissions, 'any'>;
/** `match`: every ACL that concerns the name, prefixes and `*` among them. */
export type AclPatternFilter = keyof typeof patternTypes;

type Table = Readonly<Record<string, number>>;

function numberIn(table: Table, what: string, word: string): number {
  const number = Object.hasOwn(table, word) ? table[word] : undefined;
  if (number !== undefined) return number;
  throw new KafkaError('INVALID_ARGUMENT', `'${word}' is no ${what} of ACLs.`, {
    hint: `There are ${Object.keys(table).join(', ')}.`,
  });
}

function wordIn<W extends string>(table: Table, number: number): W {
  const found = Object.entries(table).find(([, value]) => value === number);
  return (found?.[0] ?? `unknown-${number}`) as W;
}

export const aclNumbers = {
  resourceType: (word: string) => numberIn(resourceTypes, 'resource type', word),
  patternType: (word: string) => numberIn(patternTypes, 'pattern type', word),
  operation: (word: string) => numberIn(operations, 'operation', word),
  permission: (word: string) => numberIn(permissions, 'permission', word),
};

export const aclWords = {
  resourceType: (number: number) => wordIn<AclResourceType>(resourceTypes, number),
  patternType: (number: number) => wordIn<AclPatternType>(patternTypes, number),
  operation: (number: number) => wordIn<AclOperation>(operations, number),
  permission: (number: number) => wordIn<AclPermission>(permissions, number),
};

/** What a broker says when it was not asked for the operations. */
const notAsked = -2147483648;

/** Operations that the asking principal is allowed, from their bits (KIP-430); null if unasked. */
export function allowedOperations(bits: number): AclOperation[] | null {
  if (bits === notAsked) return null;
  return Object.entries(operations)
    .filter(([word, bit]) => word !== 'any' && word !== 'all' && (bits & (1 << bit)) !== 0)
    .map(([word]) => word as AclOperation);
}
