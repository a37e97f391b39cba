// What looks like an anomaly and is none, as Kafka's protocol promises no more. The checker counts
// these apart, and prints them: a kind that is not in this list is a finding.

export const legal = {
  G0: {
    what: 'a cycle of transactions by the order of their writes alone',
    why: 'records of open transactions lie in the log as they come, so two transactions may stand in one order in one partition and in the other order in another; Kafka isolates readers, not writers',
  },
  'G1c-ww': {
    what: 'a cycle of transactions by reads and by the order of writes',
    why: 'a transaction that is open may read what a later one has committed in another partition, while its own record stands before that one in the log',
  },
  'G1c-uncommitted': {
    what: 'a cycle of transactions by reads, one of them read_uncommitted',
    why: 'such a reader sees what is not committed yet, of two transactions each what the other writes',
  },
  'G1a-uncommitted': {
    what: 'a read of what was aborted, read_uncommitted',
    why: 'the isolation level says so: aborted records stay in the log, and only read_committed leaves them out',
  },
  'doubled-without-idempotence': {
    what: 'a record twice, of a producer without enable.idempotence',
    why: 'a request whose answer is lost is sent again, and without sequence numbers the broker cannot know it',
  },
  'reordered-without-idempotence': {
    what: 'records in another order than they were sent, without enable.idempotence',
    why: 'with several requests on their way, one that is sent again comes behind its successors',
  },
  redelivered: {
    what: 'a record that a group reads again',
    why: 'who takes a partition over starts at what is committed, and the one before had read further',
  },
  moved: {
    what: 'a jump of a position, back or ahead',
    why: 'the consumer was told to seek',
  },
  'resolved-commit': {
    what: 'a transaction whose commit was never answered, and that is there',
    why: 'the coordinator had written down the commit before the client was told, or died',
  },
  'resolved-abort': {
    what: 'a transaction whose commit was never answered, and that is not there',
    why: 'the coordinator had not heard of the commit, and whoever took over the id aborted it',
  },
  'client-hung': {
    what: 'a client that never comes back from sending offsets to a transaction',
    why: 'librdkafka heeds no time-out there, and waits for a coordinator that it has dismissed since it was not among the nodes for a while (its 5456 and 5511, both open); no broker can wake it',
  },
  'unanswered-write': {
    what: 'a record whose sending was never answered, and that is there',
    why: 'the broker had written it before the client was told, or died',
  },
};
