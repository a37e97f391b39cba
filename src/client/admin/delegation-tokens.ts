import { KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import { type CallOptions, retrying, throwOn } from './routing.js';

/** A token that stands for its owner, without the owner's password (KIP-48, KIP-373). */
export interface DelegationToken {
  readonly tokenId: string;
  /** The secret: what the bearer signs with, and what names the token when it is renewed. */
  readonly hmac: Buffer;
  /** `User:alice` … */
  readonly owner: string;
  /** Who asked for it; '' where the broker does not say. */
  readonly requester: string;
  readonly renewers: readonly string[];
  /** ms since 1970. */
  readonly issueTimestamp: number;
  readonly expiryTimestamp: number;
  /** Beyond this it cannot be renewed. */
  readonly maxTimestamp: number;
}

export interface CreateDelegationTokenOptions extends CallOptions {
  /** For whom; default the asking principal. */
  readonly owner?: string | undefined;
  /** Who else may renew and expire it. */
  readonly renewers?: readonly string[] | undefined;
  /** ms; default the broker's `delegation.token.max.lifetime.ms`. */
  readonly maxLifetimeMs?: number | undefined;
}

export interface RenewDelegationTokenOptions extends CallOptions {
  /** ms from now; default the broker's `delegation.token.expiry.time.ms`. */
  readonly renewTimePeriodMs?: number | undefined;
}

export interface ExpireDelegationTokenOptions extends CallOptions {
  /** ms from now; default -1, at once. */
  readonly expiryTimePeriodMs?: number | undefined;
}

export interface DescribeDelegationTokensOptions extends CallOptions {
  /** Only tokens of these; default all that the asking principal may see. */
  readonly owners?: readonly string[] | undefined;
}

const brokersDefault = -1;
const atOnce = -1;

/**
 * DELEGATION_TOKEN_REQUEST_NOT_ALLOWED over a listener that does not authenticate, or with a token;
 * DELEGATION_TOKEN_AUTH_DISABLED where the brokers have no `delegation.token.secret.key`.
 */
export async function createDelegationToken(
  cluster: Cluster,
  options: CreateDelegationTokenOptions,
): Promise<DelegationToken> {
  const { owner, signal } = options;
  const renewers = (options.renewers ?? []).map(principalOf);
  const request = {
    ...(owner === undefined ? {} : ownerFields(owner)),
    renewers,
    maxLifetimeMs: options.maxLifetimeMs ?? brokersDefault,
  };
  return await retrying(cluster, options, async () => {
    const answer = await cluster.send(
      'CreateDelegationToken',
      (version) => ({ ...(version >= 3 ? noOwner : {}), ...request }),
      'any',
      { signal, ...(owner === undefined ? {} : { versionMin: 3 }) },
    );
    throwOn(answer.errorCode, undefined, { api: 'CreateDelegationToken' });
    return {
      tokenId: answer.tokenId,
      hmac: answer.hmac,
      owner: nameOf(answer),
      requester: requesterOf(answer),
      renewers: renewers.map(nameOf),
      issueTimestamp: answer.issueTimestampMs,
      expiryTimestamp: answer.expiryTimestampMs,
      maxTimestamp: answer.maxTimestampMs,
    };
  });
}

const noOwner = { ownerPrincipalType: null, ownerPrincipalName: null };

function ownerFields(owner: string) {
  const { principalType, principalName } = principalOf(owner);
  return { ownerPrincipalType: principalType, ownerPrincipalName: principalName };
}

/** Gives the time at which it ends now. DELEGATION_TOKEN_OWNER_MISMATCH, …_EXPIRED, …_NOT_FOUND. */
export async function renewDelegationToken(
  cluster: Cluster,
  hmac: Uint8Array,
  options: RenewDelegationTokenOptions,
): Promise<number> {
  const renewPeriodMs = options.renewTimePeriodMs ?? brokersDefault;
  const request = { hmac: Buffer.from(hmac), renewPeriodMs };
  return await retrying(cluster, options, async () => {
    const { signal } = options;
    const answer = await cluster.send('RenewDelegationToken', request, 'any', { signal });
    throwOn(answer.errorCode, undefined, { api: 'RenewDelegationToken' });
    return answer.expiryTimestampMs;
  });
}

export async function expireDelegationToken(
  cluster: Cluster,
  hmac: Uint8Array,
  options: ExpireDelegationTokenOptions,
): Promise<number> {
  const expiryTimePeriodMs = options.expiryTimePeriodMs ?? atOnce;
  const request = { hmac: Buffer.from(hmac), expiryTimePeriodMs };
  return await retrying(cluster, options, async () => {
    const { signal } = options;
    const answer = await cluster.send('ExpireDelegationToken', request, 'any', { signal });
    throwOn(answer.errorCode, undefined, { api: 'ExpireDelegationToken' });
    return answer.expiryTimestampMs;
  });
}

export async function describeDelegationTokens(
  cluster: Cluster,
  options: DescribeDelegationTokensOptions,
): Promise<DelegationToken[]> {
  const request = { owners: options.owners?.map(principalOf) ?? null };
  return await retrying(cluster, options, async () => {
    const { signal } = options;
    const answer = await cluster.send('DescribeDelegationToken', request, 'any', { signal });
    throwOn(answer.errorCode, undefined, { api: 'DescribeDelegationToken' });
    return answer.tokens.map((token) => ({
      tokenId: token.tokenId,
      hmac: token.hmac,
      owner: nameOf(token),
      requester: requesterOf(token),
      renewers: token.renewers.map(nameOf),
      issueTimestamp: token.issueTimestamp,
      expiryTimestamp: token.expiryTimestamp,
      maxTimestamp: token.maxTimestamp,
    }));
  });
}

interface Principal {
  readonly principalType: string;
  readonly principalName: string;
}

function principalOf(name: string): Principal {
  const at = name.indexOf(':');
  if (at < 1) {
    throw new KafkaError('INVALID_ARGUMENT', `'${name}' is no principal.`, {
      hint: "It is written 'User:alice'.",
    });
  }
  return { principalType: name.slice(0, at), principalName: name.slice(at + 1) };
}

function nameOf({ principalType, principalName }: Principal): string {
  return `${principalType}:${principalName}`;
}

function requesterOf(answer: {
  readonly tokenRequesterPrincipalType: string;
  readonly tokenRequesterPrincipalName: string;
}): string {
  const { tokenRequesterPrincipalType: type, tokenRequesterPrincipalName: name } = answer;
  return type === '' ? '' : `${type}:${name}`;
}
