import { KafkaError } from '../../errors/index.js';
import { saltedPassword } from '../../system/index.js';
import type { Cluster } from '../cluster/index.js';
import { type CallOptions, outcomeOf, retrying, throwOn, throwWhenAny } from './routing.js';
import { type Outcome, valuesOf } from './routing.js';

const mechanisms = { 'SCRAM-SHA-256': 1, 'SCRAM-SHA-512': 2 } as const;
const digests = { 'SCRAM-SHA-256': 'sha256', 'SCRAM-SHA-512': 'sha512' } as const;

/** What brokers take, and refuse beyond (`UNACCEPTABLE_CREDENTIAL`). */
const iterationsMin = 4096;
const iterationsMax = 16_384;
const saltBytes = 16;

export type ScramMechanism = keyof typeof mechanisms;

export interface ScramUser {
  readonly user: string;
  readonly credentials: readonly {
    readonly mechanism: ScramMechanism;
    readonly iterations: number;
  }[];
}

/** A change to the password of a user for one mechanism (KIP-554). */
export type ScramChange =
  | {
      readonly user: string;
      readonly mechanism: ScramMechanism;
      /** Salted and hashed here: only that travels. */
      readonly password: string | Uint8Array;
      /** 4096 to 16384; default 4096. */
      readonly iterations?: number | undefined;
      /** Default random. */
      readonly salt?: Uint8Array | undefined;
    }
  | {
      readonly user: string;
      readonly mechanism: ScramMechanism;
      /** Takes the credential away instead. */
      readonly delete: true;
    };

/** The users named, or all; RESOURCE_NOT_FOUND for a named one without credentials. */
export async function describeUserScramCredentials(
  cluster: Cluster,
  users: readonly string[] | undefined,
  options: CallOptions,
): Promise<ScramUser[]> {
  const request = { users: users?.map((name) => ({ name })) ?? null };
  return await retrying(cluster, options, async () => {
    const answer = await cluster.send('DescribeUserScramCredentials', request, 'any', options);
    throwOn(answer.errorCode, answer.errorMessage, { api: 'DescribeUserScramCredentials' });
    return valuesOf(
      'describeUserScramCredentials',
      answer.results.map(({ user, errorCode, errorMessage, credentialInfos }) =>
        outcomeOf(errorCode, errorMessage, { user }, () => ({
          user,
          credentials: credentialInfos
            .map(({ mechanism, iterations }) => ({ mechanism: wordOf(mechanism), iterations }))
            .sort((one, other) => (one.mechanism < other.mechanism ? -1 : 1)),
        })),
      ),
    );
  });
}

export async function alterUserScramCredentials(
  cluster: Cluster,
  changes: readonly ScramChange[],
  options: CallOptions,
): Promise<void> {
  const outcomes: Outcome<undefined>[] = [];
  // Brokers refuse a request that names a user twice, even for two mechanisms.
  for (const round of roundsOf(changes)) {
    const deletions: { name: string; mechanism: number }[] = [];
    const upsertions: Upsertion[] = [];
    for (const change of round) {
      const mechanism = numberOf(change.mechanism);
      if ('delete' in change) deletions.push({ name: change.user, mechanism });
      else upsertions.push(await upsertionOf(cluster, change, mechanism));
    }
    const request = { deletions, upsertions };
    const answer = await retrying(cluster, options, async () => {
      const { signal } = options;
      const found = await cluster.send('AlterUserScramCredentials', request, 'controller', {
        signal,
      });
      throwWhenAny(found.results, ['NOT_CONTROLLER']);
      return found;
    });
    for (const { user, mechanism } of round) {
      const one = answer.results.find((each) => each.user === user);
      const key = { user, mechanism };
      outcomes.push(outcomeOf(one?.errorCode ?? -1, one?.errorMessage, key, () => undefined));
    }
  }
  valuesOf('alterUserScramCredentials', outcomes);
}

function roundsOf(changes: readonly ScramChange[]): ScramChange[][] {
  const rounds: ScramChange[][] = [];
  for (const change of changes) {
    const free = rounds.find((round) => round.every(({ user }) => user !== change.user));
    if (free === undefined) rounds.push([change]);
    else free.push(change);
  }
  return rounds;
}

interface Upsertion {
  readonly name: string;
  readonly mechanism: number;
  readonly iterations: number;
  readonly salt: Buffer;
  readonly saltedPassword: Buffer;
}

async function upsertionOf(
  cluster: Cluster,
  change: Extract<ScramChange, { readonly password: unknown }>,
  mechanism: number,
): Promise<Upsertion> {
  const { user: name, password, iterations = iterationsMin } = change;
  if (!Number.isInteger(iterations) || iterations < iterationsMin || iterations > iterationsMax) {
    const range = `${iterationsMin} to ${iterationsMax}`;
    throw new KafkaError('INVALID_ARGUMENT', `iterations is ${iterations}, not ${range}.`);
  }
  if (password.length === 0) {
    throw new KafkaError('INVALID_ARGUMENT', `The password of ${name} is empty.`);
  }
  const salt = Buffer.from(change.salt ?? cluster.system.random.bytes(saltBytes));
  const digest = digests[change.mechanism];
  const salted = await saltedPassword(password, salt, iterations, digest);
  return { name, mechanism, iterations, salt, saltedPassword: salted };
}

function wordOf(mechanism: number): ScramMechanism {
  return mechanism === mechanisms['SCRAM-SHA-512'] ? 'SCRAM-SHA-512' : 'SCRAM-SHA-256';
}

function numberOf(mechanism: ScramMechanism): number {
  const number = mechanisms[mechanism] as number | undefined;
  if (number !== undefined) return number;
  throw new KafkaError('INVALID_ARGUMENT', `'${mechanism}' is no mechanism of SCRAM.`, {
    hint: `There are ${Object.keys(mechanisms).join(' and ')}.`,
  });
}
