import { dirname, isAbsolute, join } from 'node:path';
import { readLine } from './config-lines';
import type { ConfigLine } from './config-lines';
import type { IgnoredOption } from './settings';

/** How configuration files are read; nothing else is touched. */
export interface ConfigReader {
  /** The file's text; null when there is no such file. Other errors are thrown, and named as ignored. */
  readFile(path: string): Promise<string | null>;
  /**
   * The files that a glob(7) pattern stands for, sorted; empty when there are none. `pattern` is absolute.
   */
  glob(pattern: string): Promise<readonly string[]>;
}

/** The files to begin with: absolute paths; null for none. */
export interface ConfigPlaces {
  /** ~/.ssh/config */
  readonly user: string | null;
  /** /etc/ssh/ssh_config, or its like; asked after the user's. */
  readonly system: string | null;
  /** What ~ is in Include; absolute. */
  readonly home: string;
}

/** A line, or the lines of one file that an Include names, in its place. */
export type ConfigItem =
  | { readonly kind: 'line'; readonly line: ConfigLine }
  | { readonly kind: 'included'; readonly items: readonly ConfigItem[] };

/** What was read. */
export interface LoadedConfig {
  readonly user: readonly ConfigItem[];
  readonly system: readonly ConfigItem[];
  /** Files and lines that could not be read; OpenSSH would not go on with them. */
  readonly problems: readonly IgnoredOption[];
}

/** OpenSSH's READCONF_MAX_DEPTH. */
const MAX_DEPTH = 16;
/** Files that include each other twice would be read 2^16 times. */
const MAX_FILES = 500;

/** Reads the configuration and what it includes. Never throws: what cannot be read is in `problems`. */
export async function loadConfig(reader: ConfigReader, places: ConfigPlaces): Promise<LoadedConfig> {
  const problems: IgnoredOption[] = [];
  const load = (path: string | null, folder: string, tilde: string | null) =>
    path === null ? [] : fileLoader(reader, { folder, tilde }, problems)(path, 0);
  const user = await load(places.user, join(places.home, '.ssh'), places.home);
  const system = await load(places.system, dirname(places.system ?? ''), null);
  return { user, system, problems };
}

/** `folder`: what Include is relative to. `tilde`: what ~ is; null where it is not allowed. */
interface IncludeRules {
  readonly folder: string;
  readonly tilde: string | null;
}

function fileLoader(reader: ConfigReader, rules: IncludeRules, problems: IgnoredOption[]) {
  let files = 0;

  return loadFile;

  async function loadFile(path: string, depth: number): Promise<ConfigItem[]> {
    const problem = (why: string, line?: ConfigLine) =>
      problems.push({
        option: line?.written ?? 'Include',
        why,
        file: line?.file ?? path,
        ...(line && { line: line.line }),
      });
    files += 1;
    if (depth > MAX_DEPTH || files > MAX_FILES) {
      if (depth > MAX_DEPTH) problem(`Files include each other more than ${MAX_DEPTH} deep.`);
      else if (files === MAX_FILES + 1) problem(`More than ${MAX_FILES} files are included.`);
      return [];
    }
    let text: string | null;
    try {
      text = await reader.readFile(path);
    } catch (error) {
      problem(`The file cannot be read: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
    const items: ConfigItem[] = [];
    for (const [index, content] of (text ?? '').split('\n').entries()) {
      const read = readLine(path, index + 1, content);
      if (read.kind === 'error') {
        problems.push({ option: read.keyword, why: read.why, file: path, line: index + 1 });
      } else if (read.kind === 'line' && read.line.keyword === 'include') {
        items.push(...(await include(read.line, depth, problem)));
      } else if (read.kind === 'line') items.push(read);
    }
    return items;
  }

  async function include(
    line: ConfigLine,
    depth: number,
    problem: (why: string, line: ConfigLine) => void,
  ): Promise<ConfigItem[]> {
    const items: ConfigItem[] = [];
    for (const word of line.words) {
      const pattern = includePath(word, rules);
      if (pattern === null) {
        problem(`“${word}” is no path to include.`, line);
        continue;
      }
      try {
        for (const path of await reader.glob(pattern))
          items.push({ kind: 'included', items: await loadFile(path, depth + 1) });
      } catch (error) {
        problem(
          `${pattern} cannot be looked up: ${error instanceof Error ? error.message : String(error)}`,
          line,
        );
      }
    }
    return items;
  }
}

function includePath(word: string, { folder, tilde }: IncludeRules): string | null {
  if (word === '') return null;
  if (!word.startsWith('~')) return isAbsolute(word) ? word : join(folder, word);
  if (tilde === null || !/^~[\\/]/.test(word)) return null;
  return join(tilde, word.slice(2));
}
