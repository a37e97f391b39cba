import type { Node, Pair, YAMLMap } from 'yaml';

/** Where in a text a place of the description is, such as `to.mongodb.uri` or `via[2]`. */
export type Locate = (
  place: string,
) => { readonly line: number; readonly column: number } | undefined;

/**
 * Finds places again in the text of a description: JSON is read as the YAML it is. Without the
 * package `yaml`, which JSON does not need, no place is found.
 */
export async function locatorOf(text: string): Promise<Locate> {
  const yaml = await import('yaml').catch(() => undefined);
  if (yaml === undefined) return () => undefined;
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines });
  return (place) => {
    let node: unknown = document.contents;
    let at: number | undefined;
    for (const step of stepsOf(place)) {
      let next: { readonly node: unknown; readonly at: number | undefined } | undefined;
      if (yaml.isMap(node)) next = inMap(node, step);
      else if (yaml.isSeq(node)) {
        const item = node.items[Number(step)];
        next = item === undefined ? undefined : { node: item, at: startOf(item) };
      } else if (yaml.isScalar(node) && node.value === step) next = { node, at: startOf(node) };
      // The innermost part that is there is near enough.
      if (next === undefined) break;
      node = next.node;
      at = next.at ?? at;
    }
    if (at === undefined) return undefined;
    const { line, col } = lines.linePos(at);
    return { line, column: col };
  };
}

/** `via[2].cast.fields` in its steps. */
function stepsOf(place: string): string[] {
  return place.split(/[.[\]]+/).filter((step) => step !== '');
}

function inMap(map: YAMLMap, name: string) {
  const pair = map.items.find((each: Pair) => keyOf(each) === name);
  return pair === undefined ? undefined : { node: pair.value, at: startOf(pair.key) };
}

function keyOf({ key }: Pair): string {
  const value = (key as { readonly value?: unknown } | null)?.value;
  return typeof value === 'string' ? value : String(value as number);
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null)?.range?.[0];
}
