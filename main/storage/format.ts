import { StorageError } from './errors';

/** How values of one kind are written to a file, and read back. */
export interface Format<T> {
  readonly name: string;
  readonly version: number;
  readonly parse: (value: unknown) => T;
  readonly migrate?: (value: unknown, from: number) => unknown;
}

export type Decoded<T> =
  | { readonly kind: 'good'; readonly value: T; readonly version: number }
  | { readonly kind: 'bad'; readonly reason: string }
  | { readonly kind: 'newer'; readonly version: number };

/** The bytes of a file: { "document": name, "version": 1, "value": ... } */
export function encode<T>(
  format: Format<T>,
  value: T,
  path: string,
): { readonly bytes: Uint8Array; readonly value: T } {
  try {
    const text = JSON.stringify({ document: format.name, version: format.version, value }, undefined, 2);
    const { value: written } = JSON.parse(text) as { value: unknown };
    return { bytes: new TextEncoder().encode(`${text}\n`), value: format.parse(written) };
  } catch (cause) {
    throw new StorageError(
      'INVALID_VALUE',
      path,
      `${path} was not saved, because the app could not read it back: ${messageOf(cause)}. ` +
        'This is a defect: report it.',
      { cause },
    );
  }
}

/** Reads what `encode` wrote, in this or an older version. Never throws on bad bytes. */
export function decode<T>(format: Format<T>, bytes: Uint8Array): Decoded<T> {
  try {
    const { document, version, value } = record(
      JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)),
    );
    if (document !== format.name) throw new Error(`document: "${format.name}" was expected`);
    if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1) {
      throw new Error('version: a positive whole number was expected');
    }
    if (version > format.version) return { kind: 'newer', version };
    return {
      kind: 'good',
      version,
      value: format.parse(version < format.version ? migrated(format, value, version) : value),
    };
  } catch (error) {
    return { kind: 'bad', reason: messageOf(error) };
  }
}

function migrated<T>(format: Format<T>, value: unknown, from: number): unknown {
  if (!format.migrate) throw new Error(`version: ${from} is too old to be read`);
  return format.migrate(value, from);
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('an object was expected');
  return value as Readonly<Record<string, unknown>>;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
