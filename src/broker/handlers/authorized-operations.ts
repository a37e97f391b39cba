/** What an answer says when nobody asked for the authorized operations. */
export const operationsNotAsked = -2147483648;
/** Every operation on a topic, as a bit field; without an authorizer all are allowed. */
export const topicOperations = 3576;
/** Every operation that exists for the cluster. */
export const clusterOperations = 8096;
