/**
 * Keys that occur twice in a JSON text, which `JSON.parse` does not tell.
 *
 * @module
 */

/** Texts and the signs of structure; numbers and words between them are skipped. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/** Returns the first key that an object of a valid JSON text has twice. */
export function findRepeatedKey(json: string): string | undefined {
  const objects: (Set<string> | undefined)[] = [];
  let text: string | undefined;
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === "{") objects.push(new Set());
    else if (token === "[") objects.push(undefined);
    else if (token === "}" || token === "]") objects.pop();
    else if (token === ":") {
      const key = JSON.parse(text!) as string;
      const known = objects[objects.length - 1]!;
      if (known.has(key)) return key;
      known.add(key);
    }
    text = token.startsWith('"') ? token : undefined;
  }
}
