import { isKafkaError } from '../../../errors/index.js';
import { Reader } from '../../../bytes/index.js';
import {
  consumerOffsetsRecords,
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  decodeCoordinatorRecord,
  decodeMetadataRecord,
  groupMetadataValue,
  kRaftVersionRecord,
  leaderChangeMessage,
  metadataRecords,
  type RecordPairs,
  shareGroupStateRecords,
  snapshotFooterRecord,
  snapshotHeaderRecord,
  transactionStateRecords,
  votersRecord,
} from '../../../protocol/internal/index.js';
import { controlRecordOf, type RecordView } from '../../../records/index.js';
import { codec, type Decoded, type Message } from '../../../schema/index.js';
import type { DumpDecoder } from './dump-options.js';
import { jsonOf } from './json-of.js';

/** What is printed of a record's key and value; undefined where there is nothing to print. */
export interface RecordTexts {
  readonly key: string | undefined;
  readonly value: string | undefined;
}

/** Key and value as the chosen decoder shows them; what cannot be decoded says why. */
export function textsOf(record: RecordView, decoder: DumpDecoder): RecordTexts {
  const { key, value } = record;
  switch (decoder) {
    case 'offsets':
      return coordinatorTexts(consumerOffsetsRecords, record);
    case 'transactions':
      return coordinatorTexts(transactionStateRecords, record);
    case 'share-state':
      return coordinatorTexts(shareGroupStateRecords, record);
    case 'metadata':
      return { key: undefined, value: value === null ? undefined : metadataText(value) };
    default:
      return { key: key?.toString(), value: value?.toString() };
  }
}

/** `{"type":"1","data":{…}}` and `{"version":"4","data":{…}}`; a tombstone has `<DELETE>`. */
function coordinatorTexts(pairs: RecordPairs, { key, value }: RecordView): RecordTexts {
  if (key === null) return { key: '<NULL>', value: '<UNKNOWN>' };
  try {
    const record = decodeCoordinatorRecord(pairs, key, value);
    const pair = record === undefined ? undefined : pairs[record.type];
    if (record === undefined || pair === undefined) {
      const kind = key.length < 2 ? '' : ` of type ${key.readInt16BE(0)}`;
      return { key: `Unknown key${kind}, kept as it is`, value: undefined };
    }
    const { key: keyMessage, value: valueMessage } = pair;
    const keyData = jsonOf(keyMessage, keyMessage.versions[1], record.key);
    const keyText = `{"type":"${keyMessage.key}","data":${keyData}}`;
    if (record.value === null) return { key: keyText, value: '<DELETE>' };
    const data =
      valueMessage === groupMetadataValue
        ? classicGroupText(record.version, record.value)
        : jsonOf(valueMessage, record.version, record.value);
    return { key: keyText, value: `{"version":"${record.version}","data":${data}}` };
  } catch (error) {
    return { key: key.toString('base64'), value: `Could not decode the record: ${textOf(error)}` };
  }
}

/** A classic group's members say what they want and got in bytes of their own protocol. */
function classicGroupText(version: number, value: unknown): string {
  const group = value as Decoded<typeof groupMetadataValue>;
  const text = jsonOf(groupMetadataValue, version, group);
  if (group.protocolType !== 'consumer') return text;
  let opened = text;
  for (const { subscription, assignment } of group.members) {
    opened = opened
      .replace(bytesText('subscription', subscription), () =>
        openedText('subscription', consumerProtocolSubscription, subscription),
      )
      .replace(bytesText('assignment', assignment), () =>
        openedText('assignment', consumerProtocolAssignment, assignment),
      );
  }
  return opened;
}

function bytesText(name: string, bytes: Uint8Array): string {
  return `"${name}":"${Buffer.from(bytes).toString('base64')}"`;
}

function openedText(name: string, message: Message, bytes: Buffer): string {
  if (bytes.length < 2) return bytesText(name, bytes);
  const version = Math.min(bytes.readInt16BE(0), message.versions[1]);
  const decoded = codec(message, version).decode(new Reader(bytes.subarray(2)));
  return `"${name}":${jsonOf(message, version, decoded)}`;
}

/** `{"type":"TOPIC_RECORD","version":0,"data":{…}}`, as the metadata log is shown. */
function metadataText(value: Buffer): string {
  try {
    const decoded = decodeMetadataRecord(value);
    if (decoded === undefined) return 'a record of a kind that only a newer Kafka knows';
    const message: Message = metadataRecords[decoded.type];
    const type = message.name
      .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
      .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
      .toUpperCase();
    const data = jsonOf(message, decoded.version, decoded.record);
    return `{"type":"${type}","version":${decoded.version},"data":${data}}`;
  } catch (error) {
    return `Could not read the metadata record: ${textOf(error)}`;
  }
}

/** What a control record says. */
export function controlText(record: RecordView): string {
  const { type, coordinatorEpoch } = controlRecordOf(record);
  const value = record.value ?? Buffer.alloc(0);
  switch (type) {
    case 'abort':
    case 'commit':
      return `endTxnMarker: ${type.toUpperCase()} coordinatorEpoch: ${coordinatorEpoch}`;
    case 'leader-change':
      return `LeaderChange: ${bodyText(leaderChangeMessage, value)}`;
    case 'snapshot-header':
      return `SnapshotHeader ${bodyText(snapshotHeaderRecord, value)}`;
    case 'snapshot-footer':
      return `SnapshotFooter ${bodyText(snapshotFooterRecord, value)}`;
    case 'kraft-version':
      return `KRaftVersion ${bodyText(kRaftVersionRecord, value)}`;
    case 'kraft-voters':
      return `KRaftVoters ${bodyText(votersRecord, value)}`;
    default:
      return `controlType: ${type}(${record.key?.readInt16BE(2) ?? -1})`;
  }
}

/** These bodies begin with a version of their own, which is a field of the message, too. */
function bodyText(message: Message, value: Buffer): string {
  const version = Math.min(new Reader(value).int16(), message.versions[1]);
  return jsonOf(message, version, codec(message, version).decode(new Reader(value)));
}

function textOf(error: unknown): string {
  return isKafkaError(error) ? error.message : String(error);
}
