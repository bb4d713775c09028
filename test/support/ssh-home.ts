import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Platform } from '../../main/app';
import type { TestKey } from './ssh-keys';
import type { TestSshd } from './sshd';

/** A host as it stands in ~/.ssh/config. */
export interface SshAlias {
  readonly alias: string;
  readonly port: number;
  /** null: its key is not in known_hosts. */
  readonly sshd: Pick<TestSshd, 'host' | 'user' | 'hostKeys'> | null;
  /** In place of the others' key. */
  readonly key?: TestKey;
  /** More lines of its block. */
  readonly options?: readonly string[];
}

/** Writes `home`/.ssh with these hosts, to be reached with `key` and without a question. */
export async function sshHome(
  home: string,
  key: TestKey,
  aliases: readonly SshAlias[],
): Promise<Pick<Platform['ssh'], 'places' | 'local' | 'usualAgent'>> {
  const folder = path.join(home, '.ssh');
  const config = path.join(folder, 'config');
  await mkdir(folder, { recursive: true });
  const blocks = aliases.map(({ alias, port, sshd, key: own = key, options = [] }) =>
    [
      `Host ${alias}`,
      'HostName 127.0.0.1',
      `Port ${port}`,
      ...(sshd === null ? [] : [`User ${sshd.user}`]),
      `IdentityFile ${own.path}`,
      'IdentitiesOnly yes',
      ...options,
    ].join('\n  '),
  );
  const known = aliases.flatMap(({ port, sshd }) =>
    (sshd?.hostKeys ?? []).map(({ publicLine }) => `[127.0.0.1]:${port} ${publicLine}`),
  );
  await writeFile(config, `${blocks.join('\n\n')}\n`);
  await writeFile(path.join(folder, 'known_hosts'), `${known.join('\n')}\n`);
  return {
    places: { user: config, system: null, home },
    local: { user: 'nobody', uid: 1, home, hostName: 'here', env: {} },
    usualAgent: () => null,
  };
}
