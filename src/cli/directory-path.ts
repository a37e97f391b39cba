import { fileURLToPath, pathToFileURL } from 'node:url';

/** The path from the root of the file system on, as another program needs it. */
export function absolutePath(path: string): string {
  return fileURLToPath(pathToFileURL(path));
}
