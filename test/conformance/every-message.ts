import { definitions } from '../../src/protocol/api-messages.js';
import { type ApiName, apis } from '../../src/protocol/index.js';
import {
  consumerOffsetsRecords,
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  endTxnMarker,
  kRaftVersionRecord,
  leaderChangeMessage,
  metadataRecords,
  shareGroupStateRecords,
  snapshotFooterRecord,
  snapshotHeaderRecord,
  transactionStateRecords,
  votersRecord,
} from '../../src/protocol/internal/index.js';
import { legacyDefinitions } from '../../src/protocol/legacy/index.js';
import type { Message } from '../../src/schema/index.js';

/** Requests and responses in the modern ranges. */
export async function apiMessages(): Promise<Message[]> {
  const names = Object.keys(apis) as ApiName[];
  return (await Promise.all(names.map((name) => definitions[name]()))).flat();
}

/** What stands in internal topics, in the metadata log and in control records. */
export function internalMessages(): Message[] {
  const pairs = [consumerOffsetsRecords, transactionStateRecords, shareGroupStateRecords];
  return [
    ...pairs.flatMap((table) => Object.values(table).flatMap(({ key, value }) => [key, value])),
    ...Object.values(metadataRecords),
    consumerProtocolSubscription,
    consumerProtocolAssignment,
    endTxnMarker,
    leaderChangeMessage,
    snapshotHeaderRecord,
    snapshotFooterRecord,
    kRaftVersionRecord,
    votersRecord,
  ];
}

/** Every definition there is, those from before Kafka 4 included. */
export async function everyMessage(): Promise<Message[]> {
  const legacy = await Promise.all(Object.values(legacyDefinitions).map((load) => load()));
  return [...(await apiMessages()), ...internalMessages(), ...legacy.flat()];
}
