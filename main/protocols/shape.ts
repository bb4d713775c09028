/** Checks what a peer sent: gives it back typed, or throws a ShapeError that says where it is wrong. */
export type Shape<T> = (value: unknown, where: string) => T;

export class ShapeError extends Error {
  constructor(where: string, expected: string, value: unknown) {
    super(`${where} should be ${expected}, but is ${describe(value)}`);
    this.name = 'ShapeError';
  }
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

export const text: Shape<string> = (value, where) => {
  if (typeof value !== 'string') throw new ShapeError(where, 'text', value);
  return value;
};

/** A whole number that a double holds exactly. */
export const integer: Shape<number> = (value, where) => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new ShapeError(where, 'an integer', value);
  return value;
};

export const number: Shape<number> = (value, where) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new ShapeError(where, 'a number', value);
  return value;
};

export const flag: Shape<boolean> = (value, where) => {
  if (typeof value !== 'boolean') throw new ShapeError(where, 'true or false', value);
  return value;
};

export const anything: Shape<unknown> = (value, where) => {
  if (value === undefined) throw new ShapeError(where, 'a value', value);
  return value;
};

export function oneOf<const T extends string>(values: readonly T[]): Shape<T> {
  return (value, where) => {
    const found = values.find((candidate) => candidate === value);
    if (found === undefined) throw new ShapeError(where, `one of ${values.join(', ')}`, value);
    return found;
  };
}

export function listOf<T>(item: Shape<T>): Shape<T[]> {
  return (value, where) => {
    if (!Array.isArray(value)) throw new ShapeError(where, 'a list', value);
    return value.map((entry, index) => item(entry, `${where}[${index}]`));
  };
}

type Shapes = Record<string, Shape<unknown>>;
type Members<S extends Shapes> = { [K in keyof S]: S[K] extends Shape<infer T> ? T : never };

/** An object with these members, and without others. An optional one that is missing or null is left out. */
export function record<R extends Shapes, O extends Shapes = Record<never, never>>(
  required: R,
  optional?: O,
): Shape<Members<R> & Partial<Members<O>>> {
  return (value, where) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ShapeError(where, 'an object', value);
    }
    const source = value as Record<string, unknown>;
    const result: Record<string, unknown> = {};
    for (const [key, shape] of Object.entries(required)) {
      result[key] = shape(Object.hasOwn(source, key) ? source[key] : undefined, `${where}.${key}`);
    }
    for (const [key, shape] of Object.entries(optional ?? {})) {
      if (!Object.hasOwn(source, key) || source[key] === null) continue;
      result[key] = shape(source[key], `${where}.${key}`);
    }
    return result as Members<R> & Partial<Members<O>>;
  };
}
