/** Every operation that exists for a group, as a bit field; without an authorizer all are allowed. */
export const groupOperations = 3400;
