#!/usr/bin/env node
/**
 * Cli: the door for people. It reads the command line, assembles client and broker, and prints;
 * it decides nothing itself. Commands are looked up in one table and loaded one at a time.
 */
import { flush, processIo } from './process-io.js';
import { runCommandLine } from './run.js';

async function main(): Promise<void> {
  const code = await runCommandLine(process.argv.slice(2), processIo());
  await flush();
  process.exit(code);
}

void main();
