import { KafkaError } from '../../errors/index.js';

export interface Secrets {
  /** The value of an environment variable. */
  env(name: string): string | undefined;
  /** The contents of a file. */
  file(path: string): string;
}

/**
 * Puts secrets in their places: `${env:NAME}`, `${env:NAME:-otherwise}`, `${file:/run/secret}`, in
 * every text of a description. Fails with INVALID_ARGUMENT where there is nothing to put.
 */
export function substituted(value: unknown, secrets: Secrets, path = ''): unknown {
  if (typeof value === 'string') return inText(value, secrets, path);
  if (Array.isArray(value)) {
    return value.map((each, at) => substituted(each, secrets, `${path}[${at}]`));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      const below = path === '' ? name : `${path}.${name}`;
      return [name, substituted(each, secrets, below)];
    }),
  );
}

function inText(text: string, secrets: Secrets, path: string): string {
  return text.replaceAll(/\$\{(env|file):([^}]*)\}/g, (_, kind: string, rest: string) => {
    if (kind === 'file') return secrets.file(rest).trimEnd();
    const [name = '', ...fallback] = rest.split(':-');
    const value = secrets.env(name) ?? (fallback.length > 0 ? fallback.join(':-') : undefined);
    if (value !== undefined) return value;
    const message = `${path}: the environment variable ${name} is not set.`;
    throw new KafkaError('INVALID_ARGUMENT', message);
  });
}
