import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { Value } from './config-values';
import type { LocalUser } from './settings';

/** What the tokens of paths stand for (ssh_config(5), TOKENS). */
export interface TokenValues {
  /** %n: as it was asked for. */
  readonly alias: string;
  /** %h */
  readonly host: string;
  /** %p */
  readonly port: number;
  /** %r */
  readonly user: string;
  /** %k */
  readonly hostKeyAlias: string;
}

/** Replaces %-tokens; null when one is not in `tokens`. */
function replaceTokens(text: string, tokens: ReadonlyMap<string, string>): string | null {
  const unknown: string[] = [];
  const replaced = text.replace(/%(.?)/gsu, (whole, token: string) => {
    const value = token === '%' ? '%' : tokens.get(token);
    if (value === undefined) unknown.push(whole);
    return value ?? '';
  });
  return unknown.length === 0 ? replaced : null;
}

/** The name to dial: HostName with %h replaced, lower case unless it is an address; null for other tokens. */
export function hostNameOf(hostName: string | undefined, alias: string): string | null {
  const name = hostName === undefined ? alias : replaceTokens(hostName, new Map([['h', alias]]));
  return name === null || isIP(name) !== 0 ? name : name.toLowerCase();
}

/**
 * `template` as an absolute path: ~, %-tokens and ${NAME} replaced; relative paths begin at the user's home.
 */
export function expandPath(template: string, values: TokenValues, local: LocalUser): Value<string> {
  if (/^~[^\\/]/.test(template))
    return { ok: false, why: `“${template}” names another user’s home; write its path.` };
  const path = template.startsWith('~') ? `${local.home}${template.slice(1)}` : template;
  const tokens = new Map([
    ['h', values.host],
    ['n', values.alias],
    ['p', String(values.port)],
    ['r', values.user],
    ['k', values.hostKeyAlias],
    ['u', local.user],
    ['d', local.home],
    ['l', local.hostName],
    ['L', local.hostName.replace(/\..*$/s, '')],
    ...(local.uid === null ? [] : [['i', String(local.uid)] as const]),
  ]);
  const missing: string[] = [];
  // In one pass: what a token stands for is not read again.
  const replaced = path.replace(/%(.?)|\$\{([^}]*)\}/gsu, (whole, token?: string, name?: string) => {
    const value = name !== undefined ? local.env[name] : token === '%' ? '%' : tokens.get(token ?? '');
    if (value === undefined) {
      missing.push(
        name !== undefined
          ? `The environment has no ${name}, which “${template}” names.`
          : `The token ${whole} of “${template}” is not supported.`,
      );
    }
    return value ?? '';
  });
  const [why] = missing;
  return why === undefined ? { ok: true, value: resolve(local.home, replaced) } : { ok: false, why };
}
