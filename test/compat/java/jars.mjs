// Apache's jars for the Java suite, from Maven Central, and our two programs compiled against them.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { cache, debian, run } from '../environment.mjs';

export const version = '4.3.1';
const here = dirname(fileURLToPath(import.meta.url));

/** The class path of everything: Apache's jars and our programs. */
export function classPath() {
  const jars = fetched();
  return `${join(jars, '*')}:${compiled(jars)}`;
}

function fetched() {
  debian('java', 'openjdk-17-jdk-headless');
  debian('mvn', 'maven');
  const pom = join(here, 'pom.xml');
  const digest = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 8);
  const home = join(cache, `java-suite-${version}-${digest}`);
  if (existsSync(home)) return home;
  const half = `${home}-${process.pid}`;
  const wanted = [`-Dkafka.version=${version}`, '-DincludeScope=runtime'];
  try {
    run('mvn', [
      ...['-q', '-B', '-f', pom, 'dependency:copy-dependencies', ...wanted],
      `-DoutputDirectory=${half}`,
    ]);
    renameSync(half, home);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
  return home;
}

function compiled(jars) {
  const folder = join(here, 'programs');
  const sources = readdirSync(folder).map((name) => join(folder, name));
  const digest = createHash('sha256').update(jars);
  for (const source of sources) digest.update(readFileSync(source));
  const classes = join(cache, `java-suite-programs-${digest.digest('hex').slice(0, 12)}`);
  if (existsSync(classes)) return classes;
  const half = `${classes}-${process.pid}`;
  mkdirSync(half, { recursive: true });
  run('javac', ['-proc:none', '-cp', join(jars, '*'), '-d', half, ...sources]);
  renameSync(half, classes);
  return classes;
}
