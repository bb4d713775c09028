import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import type { SshTarget } from '../../main/protocols/ssh/target';

const run = promisify(execFile);

/** Whether there is such a program of OpenSSH. */
export const hasCommand = (name: 'ssh' | 'ssh-keygen') =>
  spawnSync(name, ['-?'], { stdio: 'ignore' }).error === undefined;

/**
 * What ssh(1) says it would do: each option's values by its lower-case name; null when it refuses the file.
 */
export async function askSsh(
  config: string,
  target: SshTarget,
  through: readonly string[] = [],
): Promise<ReadonlyMap<string, string[]> | null> {
  const options = [
    ...(through.length === 0 ? [] : ['-J', through.join(',')]),
    ...(target.user === undefined ? [] : ['-l', target.user]),
    ...(target.port === undefined ? [] : ['-p', String(target.port)]),
  ];
  let output: string;
  try {
    output = (await run('ssh', ['-G', '-F', config, ...options, '--', target.host])).stdout;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 255) return null;
    throw error;
  }
  const found = new Map<string, string[]>();
  for (const line of output.split('\n')) {
    const [, name = '', value = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
    found.set(name, [...(found.get(name) ?? []), value]);
  }
  return found;
}

/** Longer ways are circles. */
export const MAX_HOPS = 16;

/** The hosts on the way, asked of ssh hop by hop as its own ProxyJump does: -J the rest, and the last one. */
export async function hopsOfSsh(
  config: string,
  proxyJump: string | undefined,
  depth = 0,
): Promise<SshTarget[]> {
  if (proxyJump === undefined || proxyJump === 'none' || depth > MAX_HOPS) return [];
  const hops = proxyJump.split(',');
  const [, user, host = '', port] =
    /^(?:ssh:\/\/)?(?:(.*)@)?\[?([^\]]*?)\]?(?::(\d+))?$/.exec(hops.at(-1) ?? '') ?? [];
  const target = {
    host,
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port: Number(port) }),
  };
  const found = await askSsh(config, target, hops.slice(0, -1));
  // "jumphost loop": ssh notices the shortest circles itself, and goes round the others until it is stopped.
  if (found === null) return hopsOfSsh(config, proxyJump, depth + 1).then((all) => [...all, target]);
  const own = {
    host: found.get('hostname')?.[0] ?? '',
    user: found.get('user')?.[0] ?? '',
    port: Number(found.get('port')?.[0]),
  };
  return [...(await hopsOfSsh(config, found.get('proxyjump')?.[0], depth + 1)), own];
}
