import type { CliIo } from './io.js';
import type { Input } from './input.js';

/** One flag as the table writes it down: parser, help text and reference page all read this. */
export interface FlagSpec {
  /** Long name without the dashes. */
  readonly name: string;
  /** What a person reads about it, one sentence without a full stop. */
  readonly text: string;
  /** Placeholder of its value in help texts; a flag without one is a switch. */
  readonly value?: string | undefined;
  /** One letter, used with a single dash. */
  readonly short?: string | undefined;
  /** May be given several times. */
  readonly many?: boolean | undefined;
  /** The default as help texts show it; commands apply it themselves. */
  readonly fallback?: string | undefined;
  /** Other spellings that mean the same. */
  readonly aliases?: readonly string[] | undefined;
  /** Older spellings that still work, with a warning that names the new one. */
  readonly formerly?: readonly string[] | undefined;
  /** Accepted so that scripts go on working, but without effect here: says so as a warning. */
  readonly ignored?: string | undefined;
}

/** Runs a command and returns its exit code: 0 done, 1 failed, 2 wrong usage, 3 done in part. */
export type Run = (input: Input, io: CliIo) => Promise<number>;

/** One command as the table writes it down. */
export interface CommandSpec {
  /** The words that call it: `up`, `topics create`. */
  readonly name: string;
  /** One line for overviews. */
  readonly summary: string;
  /** What follows the flags in the usage line. */
  readonly operands?: string | undefined;
  readonly flags: readonly FlagSpec[];
  /** A paragraph or two below the usage line. */
  readonly details?: string | undefined;
  readonly examples?: readonly string[] | undefined;
  /** Not shown in overviews: called by other commands. */
  readonly hidden?: boolean | undefined;
  /** Loads the code of this command alone, so that the others cost no start-up time. */
  readonly load: () => Promise<Run>;
}

/** The command line was wrong: exit code 2, with a pointer to the help text. */
export class UsageError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** The command did not succeed and says why itself: exit code 1, no stack. */
export class CommandFailure extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
