import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Node, parseSync } from 'oxc-parser';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  entryPoints,
  frontDoor,
  longFunctions,
  type RoomRules,
  rooms,
  sizes,
  tables,
  windows,
} from './house-rules.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

interface Source {
  readonly path: string;
  readonly text: string;
  readonly room: string | undefined;
  readonly rules: RoomRules;
  readonly isTest: boolean;
  readonly imports: Import[];
  /** Windows used, as `name (line n)`. */
  readonly windows: { readonly name: string; readonly line: number }[];
  readonly functions: {
    readonly line: number;
    readonly lines: number;
    readonly isAsync: boolean;
  }[];
}

let sources: Source[] = [];
let product: Source[] = [];

beforeAll(() => {
  sources = filesUnder('src').map(readSource);
  product = sources.filter((source) => !source.isTest);
});

function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => posix.join(entry.parentPath.slice(root.length + 1), entry.name))
    .sort();
}

function readSource(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8');
  const parsed = parseSync(path, text);
  expect(parsed.errors, path).toEqual([]);
  const imports: Import[] = [];
  for (const { moduleRequest, entries } of parsed.module.staticImports) {
    const typeOnly = entries.length > 0 && entries.every((entry) => entry.isType);
    imports.push({ target: moduleRequest.value, typeOnly, dynamic: false });
  }
  for (const { entries } of parsed.module.staticExports) {
    for (const { moduleRequest, isType } of entries) {
      if (!moduleRequest) continue;
      imports.push({ target: moduleRequest.value, typeOnly: isType, dynamic: false });
    }
  }
  for (const { moduleRequest } of parsed.module.dynamicImports) {
    const target = text.slice(moduleRequest.start, moduleRequest.end).replace(/^['"`]|['"`]$/g, '');
    imports.push({ target, typeOnly: false, dynamic: true });
  }
  const room = /^src\/([^/]+)\//.exec(path)?.[1];
  const rules = room === undefined ? frontDoor : rooms[room];
  if (rules === undefined) throw new Error(`${path}: the room '${room}' is not in house-rules.ts`);
  const isTest = path.endsWith('.test.ts');
  const source: Source = { path, text, room, rules, isTest, imports, windows: [], functions: [] };
  visit(parsed.program as unknown as Record<string, unknown>, source);
  // A name that the file imports or declares itself is not the global of that name.
  const own = new Set(
    parsed.module.staticImports.flatMap(({ entries }) => entries.map((e) => e.localName.value)),
  );
  for (const [, name] of text.matchAll(/^(?:export )?(?:async )?function (\w+)/gm))
    own.add(name ?? '');
  return { ...source, windows: source.windows.filter(({ name }) => !own.has(name)) };
}

function lineOf(text: string, at: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i !== -1 && i < at; i = text.indexOf('\n', i + 1)) line++;
  return line;
}

/** Walks the tree and notes functions and the use of windows. */
function visit(node: Record<string, unknown>, source: Source): void {
  note(node as unknown as Node, source);
  for (const [key, value] of Object.entries(node)) {
    // The type of a value is no use of a window; the name of a member is none either.
    if (key === 'typeAnnotation' || key === 'typeArguments') continue;
    if (key === 'property' && node.computed === false) continue;
    if (key === 'key' && node.computed === false) continue;
    const children = Array.isArray(value) ? value : [value];
    for (const child of children) {
      if (typeof child === 'object' && child !== null && 'type' in child) {
        visit(child as Record<string, unknown>, source);
      }
    }
  }
}

function note(node: Node, source: Source): void {
  const add = (name: string) =>
    source.windows.push({ name, line: lineOf(source.text, node.start) });
  if (node.type === 'Identifier' && (windows as readonly string[]).includes(node.name)) {
    add(node.name);
  } else if (node.type === 'MemberExpression') {
    const name = source.text.slice(node.start, node.end);
    if ((windows as readonly string[]).includes(name)) add(name);
  } else if (node.type === 'NewExpression') {
    const isDate = node.callee.type === 'Identifier' && node.callee.name === 'Date';
    if (isDate && node.arguments.length === 0) add('new Date()');
  } else if (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  ) {
    const line = lineOf(source.text, node.start);
    const lines = lineOf(source.text, node.end) - line + 1;
    source.functions.push({ line, lines, isAsync: node.async });
  }
}

/** The file an import leads to, or undefined for a package. */
function resolved(source: Source, target: string): string | undefined {
  if (!target.startsWith('.')) return undefined;
  return posix.join(posix.dirname(source.path), target).replace(/\.js$/, '.ts');
}

const roomOf = (path: string) => /^src\/([^/]+)\//.exec(path)?.[1];

describe('the house', () => {
  test('a room imports only the rooms that the table names', () => {
    const wrong: string[] = [];
    for (const source of product) {
      for (const { target } of source.imports) {
        const path = resolved(source, target);
        const room = path === undefined ? undefined : roomOf(path);
        if (room === undefined || room === source.room) continue;
        if (!source.rules.imports.includes(room)) wrong.push(`${source.path} imports ${path}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('another room is entered by a door', () => {
    const wrong: string[] = [];
    for (const source of product) {
      for (const { target } of source.imports) {
        const path = resolved(source, target);
        const room = path === undefined ? undefined : roomOf(path);
        if (path === undefined || room === undefined || room === source.room) continue;
        const doors = ['index.ts', ...(rooms[room]?.doors ?? [])].map(
          (door) => `src/${room}/${door}`,
        );
        if (!doors.includes(path)) wrong.push(`${source.path} enters ${path}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('only the rooms named in the table use node: modules and look out of windows', () => {
    const wrong: string[] = [];
    for (const source of product) {
      for (const { target, typeOnly } of source.imports) {
        if (!target.startsWith('node:') || typeOnly) continue;
        if (!(source.rules.node ?? []).includes(target.slice(5))) {
          wrong.push(`${source.path} imports ${target}`);
        }
      }
      for (const { name, line } of source.windows) {
        if (!(source.rules.windows ?? []).includes(name))
          wrong.push(`${source.path}:${line} ${name}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('packages are imported only as optional parts, at first use', () => {
    const wrong = product.flatMap((source) =>
      source.imports
        .filter(
          ({ target, dynamic, typeOnly }) => !/^(\.|node:)/.test(target) && !dynamic && !typeOnly,
        )
        .map(({ target }) => `${source.path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('modules do not import each other in circles', () => {
    const graph = new Map<string, string[]>();
    for (const source of product) {
      const targets = source.imports.filter(({ typeOnly, dynamic }) => !typeOnly && !dynamic);
      graph.set(
        source.path,
        targets.flatMap(({ target }) => resolved(source, target) ?? []),
      );
    }
    expect(circles(graph)).toEqual([]);
  });

  test('pure rooms have no async functions', () => {
    const wrong = product
      .filter((source) => source.rules.synchronous)
      .flatMap(({ path, functions }) =>
        functions.filter(({ isAsync }) => isAsync).map(({ line }) => `${path}:${line}`),
      );
    expect(wrong).toEqual([]);
  });

  test('every file is reached from an entry point', () => {
    const byPath = new Map(product.map((source) => [source.path, source]));
    const reached = new Set<string>();
    const queue = [...entryPoints];
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      const source = byPath.get(path);
      if (source === undefined || reached.has(path)) continue;
      reached.add(path);
      for (const { target } of source.imports) {
        const next = resolved(source, target);
        if (next !== undefined) queue.push(next);
      }
    }
    expect(product.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([]);
  });

  test('imports lead to files that exist', () => {
    const paths = new Set(sources.map(({ path }) => path));
    const wrong = product.flatMap((source) =>
      source.imports
        .map(({ target }) => resolved(source, target))
        .filter((path) => path !== undefined && !path.includes('${') && !paths.has(path))
        .map((path) => `${source.path} imports ${path}`),
    );
    expect(wrong).toEqual([]);
  });
});

function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const seen = trail.indexOf(path);
    if (seen !== -1) {
      found.push([...trail.slice(seen), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return found;
}

describe('sizes and manners', () => {
  test('files stay short, or say why', () => {
    const wrong: string[] = [];
    for (const { path, text } of sources) {
      const lines = text.split('\n').length - 1;
      if (tables.includes(path) || lines <= sizes.linesWithoutReason) continue;
      if (lines > sizes.linesMax) wrong.push(`${path} has ${lines} lines`);
      else if (!/Over 400 lines because \w+/.test(text)) {
        wrong.push(`${path} has ${lines} lines and no reason`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('functions stay short', () => {
    const wrong = product
      .filter(({ path }) => !longFunctions.includes(path))
      .flatMap(({ path, functions }) =>
        functions
          .filter(({ lines }) => lines > sizes.functionLines)
          .map(({ line, lines }) => `${path}:${line} has ${lines} lines`),
      );
    expect(wrong).toEqual([]);
  });

  test('lines end before column 100', () => {
    const wrong = sources.flatMap(({ path, text }) =>
      text
        .split('\n')
        .map((line, at) => ({ line, at }))
        .filter(({ line }) => line.length > sizes.columns)
        .filter(({ line }) => !/https?:|: import\('|^\s*\/\/ biome-ignore/.test(line))
        .map(({ at }) => `${path}:${at + 1}`),
    );
    expect(wrong).toEqual([]);
  });

  test('nothing is left to do in comments, and nothing is switched off', () => {
    const leftOver = new RegExp(['TO', 'DO|FIX', 'ME|X', 'XX|HA', 'CK'].join(''));
    const wrong = sources.flatMap(({ path, text }) =>
      text
        .split('\n')
        .map((line, at) => ({ line, at }))
        .filter(({ line }) => {
          const off =
            /@ts-(ignore|nocheck|expect-error)|\b(test|describe|it)\.(only|skip|todo)\(|\bas any\b|: any\b/;
          return new RegExp(`\\b(${leftOver.source})\\b`).test(line) || off.test(line);
        })
        .map(({ line, at }) => `${path}:${at + 1} ${line.trim()}`),
    );
    expect(wrong).toEqual([]);
  });

  test('files are named in kebab-case after what they hold, not after a drawer', () => {
    const drawer = /(^|-)(utils?|helpers?|common|types|misc|shared)\.ts$/;
    const wrong = sources
      .map(({ path }) => path)
      .filter((path) => {
        const name = posix.basename(path);
        return drawer.test(name) || !/^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.ts$/.test(name);
      });
    expect(wrong).toEqual([]);
  });

  test('only the command line prints', () => {
    const wrong = product
      .filter(({ room }) => room !== 'cli')
      .filter(({ text }) => /^\s*console\./m.test(text))
      .map(({ path }) => path);
    expect(wrong).toEqual([]);
  });

  test('paths that the architecture document names exist', () => {
    const text = readFileSync(join(root, 'docs/ARCHITECTURE.md'), 'utf8');
    const named = [...text.matchAll(/`((?:src|test|docs|bench|examples|scripts)\/[^`\s*…]+)`/g)];
    expect(named.length).toBeGreaterThan(20);
    const missing = named
      .map((match) => match[1] as string)
      .filter((path) => {
        const parent = posix.dirname(path);
        const name = posix.basename(path);
        try {
          return !readdirSync(join(root, parent)).includes(name);
        } catch {
          return true;
        }
      });
    expect(missing).toEqual([]);
  });
});
