import { isKafkaError, KafkaError } from '../../../../errors/index.js';
import type { CharacterTest } from './regex-classes.js';
import { parseRegex, type RegexNode } from './regex-parser.js';

/** Characters of an expression. */
export const regexLengthMax = 4096;
/** Parts an expression may be taken apart into; counted repetitions multiply them. */
export const regexPartsMax = 50_000;

type Step =
  | { readonly kind: 'character'; readonly test: CharacterTest }
  | {
      readonly kind: 'position';
      readonly at: 'start' | 'end' | 'boundary' | 'no-boundary';
    }
  /** Goes on at one more place, too. */
  | { readonly kind: 'fork'; to: number; orTo: number }
  | { readonly kind: 'end' };

/**
 * Makes a test for whole topic names of an expression in the syntax of RE2, which Kafka uses.
 * Fails with INVALID_REGULAR_EXPRESSION and the reason. All ways through the expression are
 * followed at once (Thompson's construction), so that no expression, however it is meant, takes
 * longer than the length of the name times its own.
 */
export function compiledRegex(expression: string): (topic: string) => boolean {
  if (expression.length > regexLengthMax) {
    throw new KafkaError('INVALID_REGULAR_EXPRESSION', 'expression is too long');
  }
  const program: Program = { steps: [], parts: 0 };
  build(parseRegex(expression), program);
  program.steps.push({ kind: 'end' });
  return (topic) => matches(program.steps, topic);
}

/** The same, but undefined for an expression that is not valid. */
export function topicMatcher(expression: string): ((topic: string) => boolean) | undefined {
  try {
    return compiledRegex(expression);
  } catch (error) {
    if (isKafkaError(error, 'INVALID_REGULAR_EXPRESSION')) return undefined;
    throw error;
  }
}

interface Program {
  readonly steps: Step[];
  /** Nodes that were built, those that take no step included. */
  parts: number;
}

function build(node: RegexNode, program: Program): void {
  const { steps } = program;
  program.parts += 1;
  if (program.parts > regexPartsMax) {
    throw new KafkaError('INVALID_REGULAR_EXPRESSION', 'expression is too large');
  }
  switch (node.kind) {
    case 'character':
    case 'position':
      steps.push(node);
      return;
    case 'sequence':
      for (const item of node.items) build(item, program);
      return;
    case 'choice':
      buildChoice(node.options, program);
      return;
    case 'repetition':
      for (let i = 0; i < node.min; i++) build(node.item, program);
      if (node.max === Infinity) buildLoop(node.item, program);
      else buildOptional(node.item, node.max - node.min, program);
  }
}

function buildChoice(options: readonly RegexNode[], program: Program): void {
  const { steps } = program;
  const exits: { to: number; orTo: number }[] = [];
  for (const [at, option] of options.entries()) {
    const isLast = at === options.length - 1;
    const fork = { kind: 'fork' as const, to: steps.length + 1, orTo: steps.length + 1 };
    if (!isLast) steps.push(fork);
    build(option, program);
    if (isLast) break;
    const exit = { kind: 'fork' as const, to: 0, orTo: 0 };
    exits.push(exit);
    steps.push(exit);
    fork.orTo = steps.length;
  }
  for (const exit of exits) {
    exit.to = steps.length;
    exit.orTo = steps.length;
  }
}

function buildLoop(item: RegexNode, program: Program): void {
  const { steps } = program;
  const start = steps.length;
  const fork = { kind: 'fork' as const, to: start + 1, orTo: 0 };
  steps.push(fork);
  build(item, program);
  steps.push({ kind: 'fork', to: start, orTo: start });
  fork.orTo = steps.length;
}

function buildOptional(item: RegexNode, times: number, program: Program): void {
  const { steps } = program;
  const forks: { to: number; orTo: number }[] = [];
  for (let i = 0; i < times; i++) {
    const fork = { kind: 'fork' as const, to: steps.length + 1, orTo: 0 };
    forks.push(fork);
    steps.push(fork);
    build(item, program);
  }
  for (const fork of forks) fork.orTo = steps.length;
}

function matches(steps: readonly Step[], text: string): boolean {
  let places = reached(steps, [0], text, 0);
  for (let at = 0; at < text.length && places.size > 0; at++) {
    const code = text.charCodeAt(at);
    const next: number[] = [];
    for (const place of places) {
      const step = steps[place];
      if (step?.kind === 'character' && step.test(code)) next.push(place + 1);
    }
    places = reached(steps, next, text, at + 1);
  }
  return places.has(steps.length - 1);
}

/** All places that can be reached without reading on. */
function reached(
  steps: readonly Step[],
  from: readonly number[],
  text: string,
  at: number,
): Set<number> {
  const places = new Set<number>();
  const open = [...from];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    if (places.has(place)) continue;
    places.add(place);
    const step = steps[place];
    if (step?.kind === 'fork') open.push(step.to, step.orTo);
    else if (step?.kind === 'position' && isAt(step.at, text, at)) open.push(place + 1);
  }
  return places;
}

function isAt(
  position: 'start' | 'end' | 'boundary' | 'no-boundary',
  text: string,
  at: number,
): boolean {
  if (position === 'start') return at === 0;
  if (position === 'end') return at === text.length;
  const isBoundary = isWord(text[at - 1]) !== isWord(text[at]);
  return isBoundary === (position === 'boundary');
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /\w/.test(character);
}
