/** What the client keeps between two page loads; `localStorage` fits, and so does a map. */
export interface Storage {
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
  keys(): string[];
}

export function memoryStorage(): Storage {
  const values = new Map<string, string>();
  return {
    get: (key) => values.get(key) ?? null,
    set: (key, value) => void values.set(key, value),
    remove: (key) => void values.delete(key),
    keys: () => [...values.keys()],
  };
}

type WebStorage = Pick<globalThis.Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

/**
 * Wrap `localStorage` under a prefix.
 *
 * A browser may refuse it altogether (blocked site data) or later on (quota); then what was written lives in memory
 * for as long as the page does.
 */
export function webStorage(open: () => WebStorage, prefix: string): Storage {
  const fallback = memoryStorage();
  const area = tryOr(() => {
    const opened = open();
    opened.setItem(`${prefix}probe`, "1");
    opened.removeItem(`${prefix}probe`);
    return opened;
  }, null);
  if (area === null) return fallback;
  return {
    get: (key) => fallback.get(key) ?? tryOr(() => area.getItem(prefix + key), null),
    set: (key, value) => {
      const is_kept = tryOr(() => {
        area.setItem(prefix + key, value);
        return true;
      }, false);
      if (is_kept) fallback.remove(key);
      else fallback.set(key, value);
    },
    remove: (key) => {
      fallback.remove(key);
      tryOr(() => area.removeItem(prefix + key), undefined);
    },
    keys: () => [...new Set([...fallback.keys(), ...tryOr(() => keysOf(area, prefix), [])])],
  };
}

function keysOf(area: WebStorage, prefix: string): string[] {
  const all = Array.from({ length: area.length }, (_, i) => area.key(i) ?? "");
  return all.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
}

function tryOr<T>(attempt: () => T, otherwise: T): T {
  try {
    return attempt();
  } catch {
    return otherwise;
  }
}

/** Read JSON that may be missing or damaged; `parse` turns unknown into T or throws. */
export function readJson<T>(storage: Storage, key: string, parse: (value: unknown) => T): T | null {
  const text = storage.get(key);
  if (text === null) return null;
  return tryOr<T | null>(() => parse(JSON.parse(text)), null);
}
