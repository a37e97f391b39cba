import type { Handler } from './handler.js';

/** ListPartitionReassignments v0 (KIP-455): none is ever under way, see the one that alters. */
export const listPartitionReassignments: Handler<'ListPartitionReassignments'> = () => ({
  errorCode: 0,
  errorMessage: null,
  topics: [],
});
