import { optionArity } from './option-table';

/** One option of a QEMU command line, without its dashes; `value` is null for a flag. */
export interface Option {
  name: string;
  value: string | null;
}

export interface SplitArguments {
  options: Option[];
  /** Arguments that belong to no option: QEMU takes each as the next disk image. */
  images: string[];
}

/** More keys than any real option has; a longer one is read this far. */
const MAX_KEYS = 1024;
const MAX_JSON_DEPTH = 16;

/**
 * Splits the arguments after the program's name into options, as `lookup_opt` in QEMU's softmmu/vl.c does:
 * one or two dashes, and an option that takes an argument takes the next one whatever it looks like. An
 * option that the table does not know takes the next argument unless that begins with a dash.
 */
export function splitArguments(args: readonly string[]): SplitArguments {
  const options: Option[] = [];
  const images: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (!arg.startsWith('-')) {
      images.push(arg);
      continue;
    }
    const name = arg.slice(arg.startsWith('--') ? 2 : 1);
    const arity = optionArity(name);
    const next = args[at + 1];
    const takesNext =
      arity === 'argument' || (arity === 'unknown' && next !== undefined && !next.startsWith('-'));
    if (takesNext && next !== undefined) {
      options.push({ name, value: next });
      at += 1;
    } else {
      options.push({ name, value: null });
    }
  }
  return { options, images };
}

/**
 * Reads `key=value,key=value`, where `,,` is a comma in a value, a first value without a key belongs to
 * `impliedKey`, and a later key alone is a switch (`server`, `nowait`). A repeated key's last value counts.
 * Text that begins with a brace is JSON; its nested keys are joined with dots. Never throws; JSON that cannot
 * be read gives an empty map. Source: QEMU's util/qemu-option.c (get_opt_name_value), util/keyval.c.
 */
export function parseKeyValues(text: string, impliedKey: string | null): Map<string, string> {
  if (text.startsWith('{')) return parseJsonOption(text);
  const found = new Map<string, string>();
  let at = 0;
  for (let count = 0; at < text.length && count < MAX_KEYS; count += 1) {
    const keyEnd = indexOfAny(text, at);
    if (text[keyEnd] === '=') {
      const [value, end] = readValue(text, keyEnd + 1);
      found.set(text.slice(at, keyEnd), value);
      at = end;
    } else if (count === 0 && impliedKey !== null) {
      const [value, end] = readValue(text, at);
      found.set(impliedKey, value);
      at = end;
    } else {
      const key = text.slice(at, keyEnd);
      if (key.startsWith('no')) found.set(key.slice(2), 'off');
      else found.set(key, 'on');
      at = keyEnd + 1;
    }
  }
  return found;
}

/** QEMU's booleans (qapi_bool_parse): on, yes, true, y and their opposites; anything else is `fallback`. */
export function readSwitch(value: string | undefined, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (['on', 'yes', 'true', 'y'].includes(value)) return true;
  if (['off', 'no', 'false', 'n'].includes(value)) return false;
  return fallback;
}

function indexOfAny(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '=' && text[at] !== ',') at += 1;
  return at;
}

/** A value up to the next single comma, and where the next key begins. */
function readValue(text: string, from: number): [value: string, next: number] {
  let value = '';
  let at = from;
  for (;;) {
    const comma = text.indexOf(',', at);
    if (comma === -1) return [value + text.slice(at), text.length];
    value += text.slice(at, comma);
    if (text[comma + 1] !== ',') return [value, comma + 1];
    value += ',';
    at = comma + 2;
  }
}

function parseJsonOption(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return found;
    throw error;
  }
  const visit = (value: unknown, key: string, depth: number): void => {
    if (found.size >= MAX_KEYS || depth > MAX_JSON_DEPTH) return;
    if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value))
        visit(inner, key === '' ? name : `${key}.${name}`, depth + 1);
    } else if (value !== null && value !== undefined) {
      found.set(key, typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value));
    }
  };
  visit(root, '', 0);
  return found;
}
