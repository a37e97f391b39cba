/**
 * File: topics into files of lines, and files of lines into topics. Knows lines, sidecars and
 * positions; knows nothing of consumers and commits.
 */
export { file, type FileSinkOptions } from './file-sink.js';
export { fileSource, type FileSourceOptions } from './file-source.js';
