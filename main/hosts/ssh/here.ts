import { homedir, hostname, userInfo } from 'node:os';
import { nodeConfigReader, usualPlaces } from '../../protocols/ssh/config-reader';
import { nodeKnownHostsFs } from '../../protocols/ssh/known-hosts-file';
import type { SshSurroundings } from './connect';

/** What ssh(1) would find on this computer: the user, the files, the agent. */
export type SshHere = Pick<SshSurroundings, 'reader' | 'places' | 'knownHostsFs' | 'local' | 'usualAgent'>;

/** What Node tells of this computer and its user. */
export interface ThisComputer {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly user: string;
  readonly uid: number;
  readonly hostName: string;
}

const thisComputer = (): ThisComputer => {
  const { username: user, uid } = userInfo();
  return { platform: process.platform, home: homedir(), user, uid, hostName: hostname() };
};

export function sshOnThisComputer(env: NodeJS.ProcessEnv, computer: ThisComputer = thisComputer()): SshHere {
  const { platform, home, user, uid, hostName } = computer;
  const isWindows = platform === 'win32';
  const { config, globalKnownHostsFiles } = usualPlaces(home, platform, env);
  return {
    reader: nodeConfigReader,
    knownHostsFs: nodeKnownHostsFs,
    places: config,
    local: { user, uid: isWindows ? null : uid, home, hostName, env, globalKnownHostsFiles },
    // As ssh(1), which takes an empty name for none.
    usualAgent: env['SSH_AUTH_SOCK'] || (isWindows ? WINDOWS_AGENTS : null),
  };
}

/** OpenSSH's agent listens at a pipe (Win32-OpenSSH, ssh-agent.exe); `pageant` is ssh2's name for PuTTY's. */
const WINDOWS_AGENTS = ['\\\\.\\pipe\\openssh-ssh-agent', 'pageant'];
