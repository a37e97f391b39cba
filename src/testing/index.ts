/**
 * Testing: a real broker inside a test, with a client connected to it in the same process: same
 * bytes, no sockets, no files. Assembles what broker, client and system offer; decides nothing.
 */
export { startBroker, TestBroker, type TestBrokerOptions } from './test-broker.js';
