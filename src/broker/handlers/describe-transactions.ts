import type { Handler } from './handler.js';

/** DescribeTransactions v0: state, producer and partitions of transactional ids (KIP-664). */
export const describeTransactions: Handler<'DescribeTransactions'> = async (request, context) => {
  const { transactions } = context.broker;
  const described = request.transactionalIds.map((id) => transactions.describe(id));
  return { transactionStates: await Promise.all(described) };
};
