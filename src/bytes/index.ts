/**
 * Bytes: reading and writing Kafka's primitive values, checksums and hashes. Pure and synchronous;
 * knows nothing of messages, records or sockets.
 */
export { crc32c, crc32cInJavaScript, useCrc32c } from './crc32c.js';
export { coordinatorPartition, javaStringHash, murmur2 } from './hash.js';
export { Reader } from './reader.js';
export { isUuid, uuidFrom, zeroUuid } from './uuid.js';
export { sizeOfUvarint, sizeOfVarint, sizeOfVarlong } from './varint.js';
export { Writer } from './writer.js';
