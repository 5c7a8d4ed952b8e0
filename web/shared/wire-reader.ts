/** A frame or a part of one that is not what the contract says; `path` names the field. */
export class WireError extends Error {
  readonly code = "bad_frame";
  constructor(
    readonly path: string,
    readonly expected: string,
  ) {
    super(`${path}: expected ${expected}`);
    this.name = "WireError";
  }
}

/** A frame whose type nobody here knows. */
export class UnknownFrame extends Error {
  readonly code = "unknown_frame";
  constructor(readonly type: string) {
    super(`unknown frame type "${type}"`);
    this.name = "UnknownFrame";
  }
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads the fields of one JSON object; every method names the field in the error it throws. */
export class Reader {
  private readonly fields: JsonObject;

  constructor(
    value: unknown,
    private readonly path: string,
  ) {
    if (!isObject(value)) throw new WireError(path, "an object");
    this.fields = value;
  }

  has(name: string): boolean {
    return this.fields[name] !== undefined && this.fields[name] !== null;
  }

  text(name: string): string {
    const value = this.fields[name];
    if (typeof value !== "string") throw new WireError(this.at(name), "text");
    return value;
  }

  textOr<T>(name: string, otherwise: T): string | T {
    return this.has(name) ? this.text(name) : otherwise;
  }

  number(name: string): number {
    const value = this.fields[name];
    if (typeof value !== "number" || !Number.isFinite(value)) throw new WireError(this.at(name), "a number");
    return value;
  }

  numberOr<T>(name: string, otherwise: T): number | T {
    return this.has(name) ? this.number(name) : otherwise;
  }

  seq(name: string): number {
    const value = this.number(name);
    if (!Number.isInteger(value) || value < 0)
      throw new WireError(this.at(name), "a whole number, at least 0");
    return value;
  }

  flag(name: string): boolean {
    const value = this.fields[name];
    if (typeof value !== "boolean") throw new WireError(this.at(name), "true or false");
    return value;
  }

  flagOr<T>(name: string, otherwise: T): boolean | T {
    return this.has(name) ? this.flag(name) : otherwise;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T {
    const value = this.text(name);
    const found = allowed.find((item) => item === value);
    if (found === undefined) throw new WireError(this.at(name), `one of ${allowed.join(", ")}`);
    return found;
  }

  nested<T>(name: string, parse: (value: unknown, path: string) => T): T {
    return parse(this.fields[name], this.at(name));
  }

  nestedOr<T, U>(name: string, parse: (value: unknown, path: string) => T, otherwise: U): T | U {
    return this.has(name) ? this.nested(name, parse) : otherwise;
  }

  /** A list; a missing one is empty. */
  list<T>(name: string, parse: (value: unknown, path: string) => T): T[] {
    if (!this.has(name)) return [];
    const value = this.fields[name];
    if (!Array.isArray(value)) throw new WireError(this.at(name), "a list");
    return value.map((item, i) => parse(item, `${this.at(name)}[${i}]`));
  }

  /** A JSON object as it came; a missing one is empty. */
  object(name: string): JsonObject {
    if (!this.has(name)) return {};
    const value = this.fields[name];
    if (!isObject(value)) throw new WireError(this.at(name), "an object");
    return value;
  }

  private at(name: string): string {
    return `${this.path}.${name}`;
  }
}
