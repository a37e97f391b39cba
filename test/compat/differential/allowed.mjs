/** Answers that differ on purpose, each with its reason; docs/reference/differences.md has more. */
const besideErrors =
  'nobody looks for aborted transactions beside an error; Kafka says none, we say null';

export const allowed = {
  'fetching: an unknown partition': besideErrors,
  'fetching: an unknown id': besideErrors,
  'offsets of a log: the latest time afterwards':
    'Kafka names an offset that is deleted; ours says that there is no record',
};
