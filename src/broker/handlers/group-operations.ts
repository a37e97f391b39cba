/** Every operation that exists for a group, as a bit field; without an authorizer all go. */
export const groupOperations = 3400;
